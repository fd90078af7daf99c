// Rows of another gateway that a pool told a client, and that the client has not acknowledged: its position in the pool never
// passes them, whatever becomes of the subscription that they were told for.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Later } from '../../src/fetch/messages.ts'
import { Pools, type Remote } from '../model/overlay-remote.ts'
import { binding, POOL, Rig } from '../model/overlay-rig.ts'

const BINDINGS = [binding('on_message_fetch'), binding('on_message_publish'), binding('on_message_acked')]
const FOREIGN = 'foreign'

let pools: Pools
let remote: Remote
let rig: Rig
/** What the session has. */
let had: Set<string>
let live: string
let subscription: AbortController
let connection: AbortController

const later = (signal: AbortSignal): Later => ({
  signal,
  gone: connection.signal,
  deliver: (messages) => {
    for (const { msgid } of messages) had.add(msgid)
  },
})
const subscribe = (filter: string, signal = new AbortController().signal) =>
  rig.told('c', filter, { skip: (msgid) => (had.has(msgid) ? 'sent' : null), later: later(signal) })
const forward = (): void => pools.forward(POOL, { journal: rig.journal, bindings: BINDINGS })
const position = (): number | undefined => remote.positions.get('c t')

/** A live message was sent first, then a row that an outage had kept back, and that stands before it in the pool. */
beforeEach(async () => {
  pools = new Pools()
  remote = pools.add(POOL)
  rig = await new Rig(pools).open(BINDINGS)
  had = new Set()
  subscription = new AbortController()
  connection = new AbortController()
  remote.insert({
    msgid: FOREIGN,
    topic: 't',
    payload: Buffer.from('f'),
    qos: 1,
    retain: false,
    from: 'o',
    at: rig.now,
  })
  pools.setUp(POOL, false)
  await subscribe('t', subscription.signal)
  live = (await rig.publish('t')).id.toString()
  had.add(live)
  pools.setUp(POOL, true)
  while (!had.has(FOREIGN)) await sleep(5)
  forward()
})
afterEach(() => rig.close())

async function stillOwed(): Promise<void> {
  forward()
  assert.equal(position(), undefined)
  await rig.restart(BINDINGS)
  had.clear()
  connection = new AbortController()
  assert.deepEqual(
    (await subscribe('t')).map(({ msgid }) => msgid),
    [FOREIGN],
  )
}

test('another subscription that matches it ends', async () => {
  const other = new AbortController()
  await subscribe('+', other.signal)
  other.abort()
  await rig.acked('c', 't', live)
  await stillOwed()
})

test('the filter is subscribed anew, and an acknowledgement comes before the answer', async () => {
  subscription.abort()
  pools.onTheWay = () => rig.acked('c', 't', live)
  await subscribe('t')
  await stillOwed()
})

test('the session is resumed, and an acknowledgement comes before anything was asked', async () => {
  subscription.abort()
  connection.abort()
  connection = new AbortController()
  await rig.acked('c', 't', live)
  await subscribe('t')
  await stillOwed()
})

test('acknowledged in the resumed session, it is passed', async () => {
  subscription.abort()
  connection.abort()
  connection = new AbortController()
  await rig.acked('c', 't', live)
  await rig.acked('c', 't', FOREIGN, null)
  await subscribe('t')
  forward()
  assert.equal(position(), remote.indexOf(live))
})

test('the gateway died meanwhile, and the acknowledgement comes before the answer: it is passed', async () => {
  await rig.acked('c', 't', live)
  await rig.restart(BINDINGS)
  connection = new AbortController()
  pools.onTheWay = () => rig.acked('c', 't', FOREIGN, null)
  const inFlight = [{ topic: 't', msgid: FOREIGN }]
  const again = { ...later(new AbortController().signal), inFlight }
  assert.deepEqual(await rig.told('c', 't', { skip: (msgid) => (had.has(msgid) ? 'sent' : null), later: again }), [])
  await rig.acked('c', 't', (await rig.publish('t')).id.toString())
  forward()
  assert.equal(position(), remote.indexOf(live) + 1)
  had.clear()
  assert.deepEqual(await subscribe('t'), [])
})

test('a fetch of its own is on the way: the first that hears of the row', async () => {
  await rig.acked('c', 't', FOREIGN, null)
  await rig.acked('c', 't', live)
  const second = (await rig.publish('t')).id.toString()
  had.add(second)
  const row = {
    msgid: 'later',
    topic: 't',
    payload: Buffer.from('f'),
    qos: 1,
    retain: false,
    from: 'o',
    at: rig.now,
  } as const
  remote.insert(row)
  pools.onTheWay = () => rig.acked('c', 't', second)
  assert.deepEqual(
    (await subscribe('+')).map(({ msgid }) => msgid),
    ['later'],
  )
  forward()
  assert.equal(position(), remote.indexOf(live))
})

test('a subscription to something else ends: the position held back follows all the same', async () => {
  const other = new AbortController()
  await subscribe('other', other.signal)
  await rig.acked('c', 't', live)
  other.abort()
  await rig.acked('c', 't', FOREIGN, null)
  await sleep(20)
  forward()
  assert.equal(position(), remote.indexOf(live))
})
