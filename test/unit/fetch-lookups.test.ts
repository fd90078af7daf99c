// Subscriptions that are stored for a client, from pools that are there and pools that are away.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { PoolId } from '../../src/model/binding.ts'
import type { Subscription } from '../../src/model/event.ts'
import { until } from '../helpers/gateway.ts'
import { Pools, type Remote } from '../model/overlay-remote.ts'
import { binding, POOL, Rig } from '../model/overlay-rig.ts'

const SECOND: PoolId = 'pgsql.pool2'
let rig: Rig
let pools: Pools
let remote: Remote
let second: Remote
beforeEach(async () => {
  pools = new Pools()
  remote = pools.add(POOL)
  second = pools.add(SECOND)
  remote.subscriptions.set('c', [{ topic: 'stored', qos: 1 }])
  second.subscriptions.set('c', [{ topic: 'elsewhere', qos: 2 }])
  rig = await new Rig(pools).open(
    [POOL, SECOND].map((pool) => binding('on_subscribe_lookup', { pool, hook: 'client.connected' })),
  )
})
afterEach(() => rig.close())

/** @returns what is found at once, and what comes later */
async function lookUp(gone: AbortSignal = new AbortController().signal) {
  const later: (readonly Subscription[])[] = []
  const late = { gone, deliver: (found: readonly Subscription[]) => void later.push(found) }
  return { found: await rig.hooks.subscriptions('c', 'client.connected', late), later }
}

/** What a pool said is on disk. */
const kept = (): Promise<void> => new Promise((resolve) => rig.journal.after(resolve))
const questions = (): number => pools.reads.filter(({ read }) => read === 'subscriptions').length

test('a pool that is away is asked when it is back, once, and the others at once', async () => {
  pools.setUp(POOL, false)
  const { found, later } = await lookUp()
  assert.deepEqual(found, [{ topic: 'elsewhere', qos: 2 }])
  pools.setUp(POOL, true)
  await until('the rest', () => later.length > 0)
  pools.setUp(POOL, true)
  assert.deepEqual(later, [[{ topic: 'stored', qos: 1 }]])
  assert.equal(questions(), 2)
})

test('one that fails again is asked again', async () => {
  pools.setUp(POOL, false)
  const { later } = await lookUp()
  pools.slow = true
  pools.setUp(POOL, true)
  await until('it was asked', () => questions() === 2)
  pools.slow = false
  pools.setUp(POOL, true)
  await until('the rest', () => later.length > 0)
})

test('a client that has left is not asked for, and one that is back has one question', async () => {
  pools.setUp(POOL, false)
  const gone = new AbortController()
  const first = await lookUp(gone.signal)
  gone.abort()
  const [again, third] = [await lookUp(), await lookUp()]
  pools.setUp(POOL, true)
  await until('the rest', () => third.later.length > 0)
  assert.deepEqual([first.later, again.later], [[], []])
  assert.equal(questions(), 4)
})

test('last known rows stand in; one that is gone meanwhile is not taken back, and is known no more', async () => {
  await lookUp()
  await kept()
  pools.setUp(POOL, false)
  remote.subscriptions.set('c', [
    { topic: 'new', qos: 0 },
    { topic: 'bad/#/filter', qos: 1 },
  ])
  const { found, later } = await lookUp()
  assert.deepEqual(found, [
    { topic: 'stored', qos: 1 },
    { topic: 'elsewhere', qos: 2 },
  ])
  pools.setUp(POOL, true)
  await until('the rest', () => later.length > 0)
  assert.deepEqual(later, [[{ topic: 'new', qos: 0 }]])
  await kept()
  pools.setUp(POOL, false)
  assert.deepEqual((await lookUp()).found, [
    { topic: 'new', qos: 0 },
    { topic: 'elsewhere', qos: 2 },
  ])
})
