import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Share } from '../../src/fetch/share.ts'
import { Pools } from '../model/overlay-remote.ts'
import { POOL, Rig } from '../model/overlay-rig.ts'

const busy = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Turns of the loop since it was made. */
function countTurns(t: TestContext): () => number {
  let turn = 0
  const count = (): void => {
    turn++
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  t.after(() => clearImmediate(next))
  return () => turn
}

test('long work is done in order, each piece in a turn of its own; short pieces share one', async (t) => {
  const share = new Share()
  const turn = countTurns(t)
  const piece = (number: number, ms: number) => (): { number: number; turn: number } => {
    busy(ms)
    return { number, turn: turn() }
  }
  const long = await Promise.all([0, 1, 2, 3].map((number) => share.do(piece(number, 10))))
  assert.deepEqual(
    long.map(({ number }) => number),
    [0, 1, 2, 3],
  )
  assert.equal(new Set(long.map((done) => done.turn)).size, 4)
  const short = await Promise.all([0, 1, 2, 3].map((number) => share.do(piece(number, 0))))
  assert.ok(new Set(short.map((done) => done.turn)).size < 4)
})

test('who looks through the retained messages by many filters leaves the others their turns', async (t) => {
  const pools = new Pools()
  pools.add(POOL)
  const rig = await new Rig(pools).open([])
  t.after(() => rig.close())
  await rig.publish('r', 'x', { retain: true })
  const turn = countTurns(t)
  const turns = new Set<number>()
  const isWanted = (): boolean => {
    busy(10)
    turns.add(turn())
    return false
  }
  await Promise.all(['r', '#', '+', 'r/#'].map((filter) => rig.hooks.retained(filter, isWanted)))
  assert.equal(turns.size, 4)
})

test('work that fails is the failure of who asked, and costs its time', async () => {
  const share = new Share()
  const failed = share.do(() => {
    busy(10)
    throw new Error('no')
  })
  const after = share.do(() => 'yes')
  await assert.rejects(failed, /no/)
  assert.equal(await after, 'yes')
})
