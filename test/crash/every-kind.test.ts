// Each kind of database through the same scenes, held against what its README promises. The scenes of a kind share its
// server and its tables, since some servers take long to start; each has gateways and publishers of its own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../helpers/gateway.ts'
import { Random } from '../helpers/random.ts'
import { bothPublish, copyOf, restoreInPlace, withOlderBackup, withOlderCopy } from './folders.ts'
import { nameOf } from './kind.ts'
import { KINDS } from './kinds/index.ts'
import { randomKills } from './random-kills.ts'
import { behindProxy, drained, poolStatus, prepared, Scene, straightLine } from './scene.ts'
import type { Context } from './stage.ts'

const seed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000)

for (const kind of KINDS) {
  test(nameOf(kind), { skip: kind.missing() }, async (t) => {
    const { exactlyOnce = true } = kind
    const scene = new Scene(kind, t)
    t.afterEach((one) => scene.clear(one as Context))
    const server = await prepared(scene)

    await t.test(`${kind.rounds} rounds of kill -9 at random moments, seed ${seed}`, async (t) => {
      const line = await straightLine(scene, server)
      await randomKills(scene, line, { rounds: kind.rounds, seed, say: (text) => t.diagnostic(text) })
      assert.equal((await poolStatus(line.gateway)).exactlyOnce, exactlyOnce)
    })

    await t.test('connections are cut while it drains', async () => {
      const random = new Random(seed)
      const { proxy, gateway } = await behindProxy(scene, server)
      const publishers = scene.publishers(gateway, kind.pace)
      await proxy.refuse()
      await publishers.publish(300)
      proxy.delay(15) // so that some answers are on their way
      await proxy.listen()
      publishers.flow()
      for (let time = 0; time < 8; time++) {
        await until('it connects again', () => proxy.connections > 0)
        await sleep(random.between(0, 300))
        proxy.cut()
      }
      proxy.heal()
      await publishers.settle()
      await drained(gateway)
      assert.equal((await poolStatus(gateway)).deadLetters, 0)
      await scene.verify(server)
    })

    await t.test('the folder is put back in place: what is published then arrives, and status counts it', async () => {
      const { gateway } = await straightLine(scene, server)
      const { publishers, older } = await withOlderCopy(scene, { server, gateway })
      restoreInPlace(older, gateway.data)
      await gateway.start()
      await publishers.publish(50)
      await drained(gateway)
      assert.equal((await poolStatus(gateway)).recovered.journalWentBack, 1)
      await scene.verify(server)
    })

    await t.test('the data folder is copied while messages wait, and both run', async () => {
      const { proxy, address, gateway } = await behindProxy(scene, server)
      const publishers = scene.publishers(gateway, kind.pace)
      await publishers.publish(50)
      await proxy.refuse()
      await publishers.publish(50)
      process.kill(gateway.pid!, 'SIGSTOP')
      const copy = copyOf(scene, gateway, address)
      process.kill(gateway.pid!, 'SIGCONT')
      await copy.start()
      await proxy.listen()
      await bothPublish(scene, publishers, [gateway, copy], scene.publishers(copy, kind.pace))
      assert.equal((await poolStatus(copy)).recovered.journalCopied, 1)
      await scene.verify(server, { oneGateway: false, twins: true })
    })

    await t.test(
      'the database is restored from a backup under a running gateway: the journal sends again',
      async () => {
        const { gateway } = await straightLine(scene, server)
        const { publishers, restore } = await withOlderBackup(scene, { server, gateway })
        await restore()
        await publishers.publish(20)
        await drained(gateway)
        assert.equal((await poolStatus(gateway)).recovered.remoteWentBack, 1)
        await scene.verify(server)
      },
    )
  })
}
