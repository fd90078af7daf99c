// Random clients, crashes and restarts of a real gateway against what MQTT 3.1.1 promises: `sessions/session.ts` says what.
// A seed repeats what is done, not what the machine does in between.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOCAL_TABLES } from '../../src/store/store.ts'
import { GatewayProcess } from '../helpers/gateway.ts'
import { openTestJournal } from '../helpers/journal.ts'
import { Random } from '../helpers/random.ts'
import { Play } from './sessions/play.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1e9)
const seconds = Number(process.env.SECONDS ?? 25)

test(`random clients and crashes against a plain model, SEED=${seed}`, { timeout: 1e9 }, async (t) => {
  const random = new Random(seed)
  const maxInflight = random.pick([1, 3, 6, 20])
  const gateway = new GatewayProcess({ conf: `mqtt.max_inflight = ${maxInflight}` })
  t.after(() => gateway.remove())
  await gateway.start()
  const play = new Play(gateway, random, maxInflight)
  const { world } = play
  const end = performance.now() + seconds * 1000
  let rounds = 0
  while (performance.now() < end && world.faults.length === 0) {
    await play.round()
    rounds++
  }
  if (world.faults.length === 0) {
    await play.settle()
    await gateway.stop()
    const journal = await openTestJournal(t, gateway.data, { tables: LOCAL_TABLES })
    const publishes = journal.events(0, 1e9).filter(({ hook }) => hook === 'message.publish')
    world.audit(publishes.map(({ payload }) => String(payload)))
    await journal.close()
  }
  t.diagnostic(`${rounds} rounds, ${world.kills} kills, ${world.messages.size} messages`)
  assert.equal(world.faults.length, 0, world.faults[0])
})
