// Local truth and a pool's answer as one list, with a limit.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { merge } from '../../src/fetch/merge.ts'
import type { Source } from '../../src/fetch/source.ts'
import { EventId } from '../../src/model/event-id.ts'
import type { RemoteMessage } from '../../src/model/operation.ts'
import type { Store } from '../../src/store/store.ts'

const NODE = 1
const idOf = (seq: number): EventId => new EventId(seq * 1000, NODE, 0)
const SEQS = [1, 2, 3, 4, 5]

/** A journal of five messages of one topic, none acknowledged. */
const store = {
  ids: { has: (msgid: string) => EventId.parse(msgid)?.node === NODE },
  positions: { match: () => new Map() },
  consumed: { has: () => false },
  index: {
    oldestFirst: (_: string, after: number) => SEQS.filter((seq) => seq > after),
    newestFirst: (_: string, after: number) => SEQS.filter((seq) => seq > after).toReversed(),
  },
  stored: {
    get: (seq: number) => ({ event: { seq, id: idOf(seq), at: seq, topic: 't', clientid: 'p' }, pools: ['redis.p'] }),
  },
} as unknown as Store

const row = (msgid: string): RemoteMessage => {
  return { msgid, topic: 't', payload: Buffer.alloc(0), qos: 1, retain: false, from: 'p', at: 0 }
}
const own = (...seqs: number[]): RemoteMessage[] => seqs.map((seq) => row(idOf(seq).toString()))

async function merged(limit: number | undefined, rows: RemoteMessage[], after: number): Promise<(number | string)[]> {
  const source: Source = { pool: 'redis.p', shared: false, latest: false, limit, since: undefined, start: 'earliest' }
  const reader = { clientid: 'c', filter: 't', horizon: { seq: 5, id: idOf(5) } }
  const { remote, local } = await merge(store, reader, [{ source, rows, after }])
  const ids = remote.map(({ msgid }) => msgid)
  for await (const { msgid } of local) ids.push(msgid)
  return ids.map((msgid) => SEQS.find((seq) => idOf(seq).toString() === msgid) ?? msgid)
}

test('the newest are taken, although it is not known yet that the pool has them', async () => {
  for (const after of [0, 2, 4, 5]) {
    assert.deepEqual(await merged(1, own(5), after), [5], `cursor ${after}`)
    assert.deepEqual(await merged(2, own(4, 5), after), [4, 5], `cursor ${after}`)
  }
})

test('what the pool has not yet is newer than what it has', async () => {
  assert.deepEqual(await merged(2, own(2, 3), 3), [4, 5])
  assert.deepEqual(await merged(3, own(1, 2, 3), 3), [3, 4, 5])
  assert.deepEqual(await merged(3, [...own(1), row('theirs'), ...own(2, 3)], 2), [3, 4, 5])
  assert.deepEqual(await merged(5, [...own(1), row('theirs'), ...own(2)], 2), ['theirs', 2, 3, 4, 5])
})

test('without a limit everything, each once', async () => {
  assert.deepEqual(await merged(undefined, own(1, 2, 3), 0), [1, 2, 3, 4, 5])
  assert.deepEqual(await merged(undefined, own(1, 2, 3), 3), [1, 2, 3, 4, 5])
})
