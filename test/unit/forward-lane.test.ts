// The lane's machine against a remote in memory that fails at every single step. The same against real servers is in test/flow.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { nextOf } from '../../src/forward/unconfigured.ts'
import { BackendError } from '../../src/model/errors.ts'
import { ids, LIMITS, start, transient, until } from '../helpers/lane-in-memory.ts'

test('everything arrives once, in order, in batches that grow', async () => {
  const { runner, lane, remote, said } = start()
  lane.append(500)
  await until(() => lane.cursor === 500)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(Math.max(...remote.writes), 50)
  lane.append(1)
  await until(() => remote.rows.length === 501)
  await until(() => runner.status().mode === 'live')
  assert.equal(runner.status().forwarded, 501)
  assert.deepEqual(said, ['pool_up'])
})

test('random failures before and after the commit: once, in order', async () => {
  const seed = Date.now() % 1e6
  let state = seed
  const random = () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
  const { runner, lane, remote } = start()
  remote.fault = () => {
    if (random() < 0.3) throw transient('CUT')
  }
  for (let i = 0; i < 20; i++) {
    lane.append(Math.ceil(random() * 20))
    await sleep(random() * 5)
  }
  await until(() => lane.cursor === lane.lastSeq).catch((error) => assert.fail(`seed ${seed}: ${error.message}`))
  assert.deepEqual(remote.rows, ids(lane), `seed ${seed}`)
  assert.equal(lane.letters.length, 0)
  assert.ok(runner.status().recovered.answersLost > 0, `seed ${seed}`)
})

test('an error that names the operation: a dead letter, the rest in order', async () => {
  const { runner, lane, remote } = start()
  const bad = [1, 4, 5, 20]
  remote.fault = (when, batch) => {
    const operation = batch.findIndex(({ seq }) => bad.includes(seq))
    if (when === 'write' && operation >= 0) throw new BackendError('permanent', '23505', 'twice', { operation })
  }
  lane.append(20)
  await until(() => lane.cursor === 20)
  const good = ids(lane).filter((_, i) => !bad.includes(i + 1))
  assert.deepEqual(remote.rows, good)
  assert.deepEqual(
    lane.letters.map(({ seq, code }) => [seq, code]),
    bad.map((seq) => [seq, '23505']),
  )
  assert.equal(remote.marks.get('journal')!.seq, 20)
  assert.equal(runner.status().deadLetters, 4)
})

test('an error that names nothing: halved down to the culprit', async () => {
  const { lane, remote } = start()
  remote.fault = (when, batch) => {
    if (when === 'write' && batch.some(({ seq }) => seq === 7)) throw new BackendError('permanent', '22001', 'too long')
  }
  lane.append(30)
  await until(() => lane.cursor === 30)
  assert.deepEqual(
    lane.letters.map(({ seq }) => seq),
    [7],
  )
  assert.deepEqual(
    remote.rows,
    ids(lane).filter((_, i) => i !== 6),
  )
})

test('an unknown error of one event alone: ten times, then it is the culprit', async () => {
  const { lane, remote } = start()
  let failures = 0
  remote.fault = (when, batch) => {
    if (when !== 'write' || !batch.some(({ seq }) => seq === 3)) return
    if (batch.length === 1) failures++
    throw transient('XX000')
  }
  lane.append(8)
  await until(() => lane.cursor === 8)
  assert.equal(failures, 10)
  assert.deepEqual(
    lane.letters.map(({ seq, code }) => [seq, code]),
    [[3, 'XX000']],
  )
  assert.equal(remote.rows.length, 7)
})

test('a server that takes no write at all makes no culprits, however well it answers pings', async () => {
  const { runner, lane, remote } = start()
  lane.append(5)
  await until(() => lane.cursor === 5)
  let refusals = 0
  remote.fault = (when) => {
    if (when !== 'write') return
    refusals++
    throw transient('25006')
  }
  lane.append(5)
  await until(() => refusals > 30)
  assert.equal(lane.letters.length, 0)
  assert.equal(runner.status().state, 'down')
  remote.fault = () => {}
  await until(() => lane.cursor === 10)
  assert.deepEqual(remote.rows, ids(lane))
})

test('a denied lane is blocked, says so once, and goes on at resume', async () => {
  const { runner, lane, remote, said } = start({ random: () => 1 })
  remote.fault = (when) => {
    if (when === 'connect') throw new BackendError('denied', '42P01', 'no table', { hint: 'make it' })
  }
  lane.append(3)
  await until(() => runner.status().state === 'blocked')
  assert.deepEqual(runner.status().error, { code: '42P01', message: 'no table', hint: 'make it' })
  runner.resume()
  await until(() => runner.status().retries === 2)
  remote.fault = () => {}
  runner.resume()
  await until(() => lane.cursor === 3)
  assert.deepEqual(said, ['lane_blocked', 'pool_up'])
  assert.equal(runner.status().error, null)
})

test('a denied operation that is named: what is before it is written, and it is skipped alone', async () => {
  const { runner, lane, remote } = start({ random: () => 1 })
  remote.fault = (when, batch) => {
    const operation = batch.findIndex(({ seq }) => seq === 3)
    if (when === 'write' && operation >= 0) throw new BackendError('denied', '42P01', 'no table', { operation })
  }
  lane.append(5)
  await until(() => runner.status().state === 'blocked' && lane.cursor === 2)
  assert.equal(nextOf(lane), 3)
  await runner.skip(3)
  await until(() => lane.cursor === 5)
  assert.deepEqual(
    remote.rows,
    ids(lane).filter((_, i) => i !== 2),
  )
  assert.equal(lane.letters.length, 0)
  assert.equal(nextOf(lane), null)
})

test('a permanent error of a write without operations blocks, it does not spin', async () => {
  const { runner, lane, remote } = start({ random: () => 1 })
  remote.fault = (when) => {
    if (when === 'write') throw new BackendError('permanent', '22000', 'whatever it is')
  }
  lane.append(1)
  await until(() => runner.status().state === 'blocked')
  assert.equal(lane.letters.length, 1)
  assert.equal(lane.cursor, 0)
})

test('paused: nothing is sent, until resumed', async () => {
  const { runner, lane, remote } = start()
  await until(() => runner.status().mode === 'live')
  runner.pause()
  await until(() => runner.status().mode === 'paused')
  lane.append(5)
  await sleep(30)
  assert.equal(remote.rows.length, 0)
  runner.resume()
  await until(() => remote.rows.length === 5)
})

test('paused while it connects: it says so at once, and sends nothing when it is connected', async () => {
  const { runner, lane, remote } = start()
  lane.append(5)
  assert.equal(runner.status().mode, 'connecting')
  runner.pause()
  assert.equal(runner.status().mode, 'paused')
  await until(() => runner.status().state === 'up')
  assert.equal(runner.status().mode, 'paused')
  assert.equal(remote.rows.length, 0)
  runner.resume()
  await until(() => remote.rows.length === 5)
})

test('skip moves cursor and mark, of a paused lane too', async () => {
  const { runner, lane, remote } = start()
  lane.append(2)
  await until(() => lane.cursor === 2)
  runner.pause()
  await until(() => runner.status().mode === 'paused')
  lane.append(8)
  await assert.rejects(runner.skip(2), { code: 'SKIP_BACK' })
  await assert.rejects(runner.skip(11), { code: 'NO_EVENT' })
  await runner.skip(7)
  assert.equal(remote.marks.get('journal')!.seq, 7)
  assert.equal(lane.cursor, 7)
  await until(() => runner.status().mode === 'paused')
  assert.equal(remote.rows.length, 2)
  runner.resume()
  await until(() => lane.cursor === 10)
  assert.equal(remote.rows.length, 5)
})

test('the clock holds writes, not the connection', async () => {
  let holds = true
  const { runner, lane, remote } = start({ holds: () => holds })
  lane.append(5)
  await until(() => runner.status().waitingFor === 'clock')
  assert.equal(runner.status().state, 'up')
  assert.equal(remote.rows.length, 0)
  holds = false
  runner.look()
  await until(() => remote.rows.length === 5)
})

test('a rate is kept', async () => {
  const limits = { batch: 10, backoffMaxMs: 60_000, rate: 100, schedule: 'always' }
  const started = performance.now()
  const { lane, remote } = start({ limits })
  lane.append(40)
  await until(() => remote.rows.length === 40)
  assert.ok(performance.now() - started > 180) // the last batch is not waited for
})

test('a dead letter is counted once, however often its batch has to be sent', async () => {
  const { runner, lane, remote, said } = start({ limits: { ...LIMITS, backoffMaxMs: 1 } })
  let lost = 0
  remote.fault = (when, batch) => {
    const operation = batch.findIndex(({ seq }) => seq === 5)
    if (when === 'write' && operation >= 0) throw new BackendError('permanent', '23505', 'twice', { operation })
    if (when === 'write' && lost++ < 4) throw transient('CUT') // behind the refusal, before anything is written
  }
  lane.append(10)
  await until(() => lane.cursor === 10)
  assert.equal(lane.letters.length, 1)
  assert.equal(runner.status().deadLetters, 1)
  assert.equal(said.filter((word) => word === 'dead_letter').length, 1)
})
