// Each binary as a whole: with real databases, killed in the middle, and its commands. That of arm64 runs in an emulator of the
// processor (qemu-user), on this kernel.

import assert from 'node:assert/strict'
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { VERSION } from '../../src/gateway/version.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../helpers/postgres.ts'
import { findProgram } from '../helpers/processes.ts'
import { type RedisServer, redisMissing, startRedis } from '../helpers/redis.ts'
import { SerialLine, terminalsMissing } from '../helpers/serial-line.ts'

const DIST = join(import.meta.dirname, '../../dist')
const EMULATOR = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu']
const SLOW_MS = 120_000

const hook = (kind: string): string =>
  `backend.${kind}.hook.message.publish.1 = {"topic": "site/#", "action": {"function": "on_message_publish"}, "pool": "pool1"}\n`

const missing = postgresMissing() || redisMissing() || terminalsMissing('socat')
const noEmulator =
  findProgram(EMULATOR[0]!) && existsSync(`${EMULATOR[2]}/lib/libstdc++.so.6`)
    ? false
    : 'no emulator of arm64; as root: scripts/services install arm64'

smoke('x64', missing || process.arch !== 'x64' ? 'not on this processor' : false, [])
smoke('arm64', missing || (process.arch === 'arm64' ? false : noEmulator), process.arch === 'arm64' ? [] : EMULATOR)

function smoke(architecture: string, skip: string | false, emulator: readonly string[]): void {
  describe(`holdfast-linux-${architecture}`, { skip }, () => {
    let pgsql: PostgresServer
    let redis: RedisServer
    let gateway: GatewayProcess
    const acknowledged: string[] = []

    before(async () => {
      const binary = join(DIST, `holdfast-linux-${architecture}`)
      assert.ok(existsSync(binary), `${binary} is not there: npm run build`)
      pgsql = await startPostgres() // one by one: should the second not start, the first is stopped
      redis = await startRedis()
      gateway = new GatewayProcess({
        program: [...emulator, binary],
        plugins: {
          pgsql: `backend.pgsql.pool1.server = 127.0.0.1:${pgsql.port}
backend.pgsql.pool1.username = ${pgsql.user}
backend.pgsql.pool1.password = ${pgsql.password}
backend.pgsql.pool1.database = mqtt\n${hook('pgsql')}`,
          redis: `backend.redis.pool1.server = 127.0.0.1:${redis.port}\n${hook('redis')}`,
        },
      })
    })
    after(async () => {
      await gateway?.remove()
      await Promise.all([pgsql?.stop(), redis?.stop()])
    })

    test('version, check, schema, selftest', async () => {
      assert.match(await gateway.holdfast('version'), new RegExp(`^target +linux-${architecture}$`, 'm'))
      assert.match(await gateway.holdfast('check'), /^0 faults, 0 warnings$/m)
      assert.match(await gateway.holdfast('schema', 'redis'), /mqtt:msg/)
      await gateway.holdfast('schema', 'pgsql', '--apply', '--pool', 'pool1')
      assert.match(await gateway.holdfast('selftest'), /better-sqlite3 with SQLite [\d.]+, serialport\n(.+\n)+\nfit/)
    })

    test('what was acknowledged is in both databases, each message once, over two kills', async () => {
      for (const run of ['a', 'b', 'c']) {
        await gateway.start()
        const client = await Client.connect(gateway.url, 'publisher')
        const sent = Array.from({ length: 200 }, async (_, n) => {
          await client.publish('site/a', `${run}${n}`)
          acknowledged.push(`${run}${n}`)
        })
        await Promise.all(sent.slice(0, 100))
        if (run === 'c') await Promise.all(sent)
        else await gateway.kill9()
        client.mqtt.end(true)
        await Promise.allSettled(sent)
      }
      const forwarded = async (): Promise<boolean> =>
        (await gateway.ctl('status')).pools.every(({ lag }: { lag: { events: number } }) => lag.events === 0)
      await until('all is forwarded', forwarded, SLOW_MS)
      const rows = await pgsql.query('select payload from mqtt_msg order by id')
      const stored = rows.map(({ payload }) => String(payload))
      assert.deepEqual(stored, [...new Set(stored)])
      assert.ok(acknowledged.length >= 400)
      assert.deepEqual(
        acknowledged.filter((payload) => !stored.includes(payload)),
        [],
      )
      assert.equal(await redis.ask('ZCARD', 'mqtt:msg:site/a'), stored.length)
    })

    test('who is away gets it later, also from a gateway that was killed meanwhile', async () => {
      const away = await Client.connect(gateway.url, 'away', { clean: false })
      await away.subscribe('mail/#')
      await away.end()
      const client = await Client.connect(gateway.url, 'publisher')
      for (const n of ['1', '2', '3']) await client.publish('mail/away', n)
      await gateway.kill9()
      client.mqtt.end(true)
      await gateway.start()
      const back = await Client.connect(gateway.url, 'away', { clean: false })
      await until('all three', () => back.received.length === 3, SLOW_MS)
      assert.deepEqual(
        back.received.map(({ payload }) => String(payload)),
        ['1', '2', '3'],
      )
      await back.end()
      const { version, pools, clients } = await gateway.ctl('status')
      assert.deepEqual(
        [version, pools.map(({ state }: { state: string }) => state), clients.sessions],
        [VERSION, ['up', 'up'], 1],
      )
      assert.equal(await gateway.stop(), 0)
    })

    test('somebody at its serial line makes an account, and asks for the pools', async () => {
      const line = new SerialLine(join(gateway.root, 'tty'))
      const wire = (await line.plug()).read()
      try {
        appendFileSync(join(gateway.etc, 'holdfast.conf'), `serial.port = ${line.device}\n`)
        await gateway.start()
        await wire.sees(/name:$/)
        wire.type('ada\rcorrect horse\rcorrect horse\r')
        await wire.sees(/^ada>$/m)
        wire.type('pools\r')
        await wire.sees(/^pgsql\.pool1 +\w+/m)
        assert.equal(await gateway.stop(), 0)
      } finally {
        await line.unplug()
      }
    })
  })
}
