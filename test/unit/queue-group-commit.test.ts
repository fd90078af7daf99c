import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GroupCommit } from '../../src/queue/group-commit.ts'

/** Entries arrive at the times given; returns the commits as [time, entries]. Commits take `commitMs`. */
function simulate(arrivals: number[], { windowMs = 20, commitMs = 1 } = {}): [number, number][] {
  const policy = new GroupCommit(windowMs)
  const commits: [number, number][] = []
  let waiting: number[] = []
  let next = 0
  let freeAt = 0
  for (let now = 0; next < arrivals.length || waiting.length > 0; now += 0.25) {
    while (next < arrivals.length && arrivals[next]! <= now) waiting.push(arrivals[next++]!)
    if (waiting.length === 0 || now < freeAt) continue
    if (policy.wait(waiting.length, waiting[0]!, waiting.at(-1)!, now) > 0) continue
    policy.began(waiting.length, now)
    commits.push([now, waiting.length])
    waiting = []
    freeAt = now + commitMs
  }
  return commits
}

const every = (ms: number, count: number) => Array.from({ length: count }, (_, i) => i * ms)

test('when idle each entry goes at once', () => {
  const arrivals = every(50, 20)
  assert.deepEqual(
    simulate(arrivals),
    arrivals.map((at) => [at, 1]),
  )
})

test('under load commits are full, and nobody waits longer than the window', () => {
  const commits = simulate(every(1, 2000))
  const late = commits.slice(60) // the first ones do not know the load yet
  const average = late.reduce((sum, [, entries]) => sum + entries, 0) / late.length
  assert.ok(average > 15, `${average} a commit`)
  for (const [, entries] of late) assert.ok(entries <= 22, `${entries} entries wait since ${entries} ms`)
})

test('a burst goes when nobody comes any more', () => {
  const commits = simulate([...every(0.1, 60), ...every(0.1, 60).map((at) => at + 30)])
  const [at] = commits.at(-1)!
  assert.ok(at <= 30 + 6 + 2.5, `the last of the burst waited until ${at}`)
})

test('enough is enough', () => {
  const policy = new GroupCommit(1000)
  policy.began(10_000, 0)
  assert.equal(policy.wait(63, 0, 0, 0) > 0, true)
  assert.equal(policy.wait(64, 0, 0, 0), 0)
})

test('a window of nothing never waits', () => {
  assert.ok(simulate(every(1, 200), { windowMs: 0 }).every(([, entries]) => entries <= 2))
})

test('commits overlap on a slow disk only, and one hiccup does not make it slow', () => {
  const policy = new GroupCommit(10)
  assert.equal(policy.overlaps, false)
  for (let i = 0; i < 20; i++) policy.ended(1)
  policy.ended(10)
  assert.equal(policy.overlaps, false)
  for (let i = 0; i < 20; i++) policy.ended(6)
  assert.equal(policy.overlaps, true)
})
