// What a lane believes of the remote's mark: either side that went back, twins, remotes without marks or without transactions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ids, journal, LIMITS, MemoryLane, MemoryRemote, start, transient, until } from '../helpers/lane-in-memory.ts'

test('no marks: at least once, said once, what may be there is written idempotently', async () => {
  const remote = new MemoryRemote()
  remote.keepsMarks = false
  const { runner, lane, said } = start({}, new MemoryLane(), remote)
  let lost = 0
  remote.fault = (when) => {
    if (when === 'answer' && lost++ < 3) throw transient('CUT')
  }
  lane.append(30)
  await until(() => lane.cursor === 30)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(runner.status().exactlyOnce, false)
  assert.equal(said.filter((word) => word === 'lane_at_least_once').length, 1)
})

/** @returns what brings the remote back to how it is now */
function dumped(remote: MemoryRemote): () => void {
  const [rows, mark] = [[...remote.rows], remote.marks.get('journal')!]
  return () => {
    remote.rows = rows
    remote.marks.set('journal', mark)
  }
}

test('the remote went back while we were away: what the log holds is sent again', async () => {
  const { lane, remote, runner } = start()
  lane.append(20)
  await until(() => lane.cursor === 20)
  const goBack = dumped(remote)
  lane.append(20)
  await until(() => lane.cursor === 40)
  await runner.close()
  goBack()
  const again = start({}, lane, remote)
  await until(() => remote.rows.length === 40)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(again.runner.status().recovered.remoteWentBack, 1)
})

test('the remote went back under a lane at work', async () => {
  const { lane, remote, runner } = start()
  lane.append(20)
  await until(() => lane.cursor === 20)
  const goBack = dumped(remote)
  lane.append(20)
  await until(() => lane.cursor === 40)
  goBack()
  lane.append(1)
  await until(() => remote.rows.length === 41)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(runner.status().recovered.remoteWentBack, 1)
})

test('the journal went back: nothing is skipped, nothing is twice', async () => {
  const { lane, remote, runner } = start()
  lane.append(20)
  await until(() => lane.cursor === 20)
  await runner.close()
  const older = new MemoryLane()
  older.append(12)
  older.cursor = 8
  older.append(3, 2) // written after the journal went back: other ids
  const again = start({}, older, remote)
  await until(() => older.cursor === 15)
  assert.equal(new Set(remote.rows).size, remote.rows.length)
  assert.ok(ids(older).every((id) => remote.rows.includes(id)))
  assert.equal(again.runner.status().recovered.journalWentBack, 1)
  assert.equal(remote.marks.get('journal')!.seq, 15)
})

test('an own transaction that was thought dead is taken for what it is', async () => {
  const { lane, remote, runner } = start()
  lane.append(10)
  await until(() => lane.cursor === 10)
  // The transaction of the next batch commits only after the lane has connected anew.
  let late: (() => void) | undefined
  remote.fault = (when, batch) => {
    if (when === 'write' && !late) {
      const last = batch.at(-1)!
      late = () => {
        remote.rows.push(...batch.map(({ id }) => id.toString()))
        remote.marks.set('journal', { seq: last.seq, event: last.id.toString() })
      }
      throw transient('TIMEOUT')
    }
    if (when === 'write' && late && remote.marks.get('journal')!.seq === 10) late()
  }
  lane.append(5)
  await until(() => lane.cursor === 15)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(runner.status().recovered.answersLost, 1)
})

test('two journals with one id: the second takes a new one, nothing is lost or twice', async () => {
  const remote = new MemoryRemote()
  const first = new MemoryLane(1)
  first.append(10)
  start({}, first, remote)
  await until(() => first.cursor === 10)
  // The copy was made at 10; its own events have other ids at the same seqs.
  const second = new MemoryLane(1)
  second.append(10)
  second.cursor = 10
  let identity = journal
  const { runner } = start(
    {
      identity: () => identity,
      twin: async () => {
        identity = { id: 'another', parent: 'journal', inheritedUpTo: second.lastSeq, copied: 1 }
      },
    },
    second,
    remote,
  )
  await until(() => runner.status().mode === 'live')
  for (let i = 0; i < 5; i++) {
    first.append(3, 1)
    second.append(3, 2)
    await until(() => first.cursor === first.lastSeq && second.cursor === second.lastSeq)
  }
  const all = new Set([...ids(first), ...ids(second)])
  assert.equal(remote.rows.length, all.size)
  assert.deepEqual(new Set(remote.rows), all)
  assert.equal(runner.status().recovered.journalCopied, 1)
  assert.equal(remote.marks.get('another')!.seq, 25)
})

test('without transactions: written in part, written and not marked, marked and not answered: each row once, in order', async () => {
  const remote = new MemoryRemote()
  remote.transactions = false
  let asked = 0
  remote.fault = (when) => {
    if (when !== 'connect' && ++asked % 7 === 0) throw transient('GONE')
  }
  const { runner, lane } = start({ limits: { ...LIMITS, backoffMaxMs: 1 } }, new MemoryLane(), remote)
  lane.append(60)
  await until(() => lane.cursor === 60)
  assert.deepEqual(remote.rows, ids(lane))
  assert.deepEqual(remote.marks.get('journal')?.seq, 60)
  assert.equal(runner.status().exactlyOnce, false)
})

test('without transactions: an older database is sent again from its mark', async () => {
  const remote = new MemoryRemote()
  remote.transactions = false
  const { runner, lane } = start({}, new MemoryLane(), remote)
  lane.append(10)
  await until(() => lane.cursor === 10)
  const [rows, mark] = [[...remote.rows], remote.marks.get('journal')!]
  lane.append(10)
  await until(() => lane.cursor === 20)
  remote.rows = rows
  remote.marks.set('journal', mark)
  lane.append(1)
  await until(() => lane.cursor === 21)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(runner.status().recovered.remoteWentBack, 1)
})
