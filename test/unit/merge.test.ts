import assert from 'node:assert/strict'
import { test } from 'node:test'
import { steps } from '../../src/backends/merge.ts'
import { AT, ack, custom, History, insert } from '../contract/operations.ts'

test('built-in writes of several events are one step, custom statements stand alone', () => {
  const history = new History()
  const own = insert(history.message('a', '1'))
  const kinds = steps(history.events(own, own, custom(['x']), custom(['y']), own)).map(({ kind, operations }) => [
    kind,
    operations,
  ])
  assert.deepEqual(kinds, [
    ['merged', [0, 1]],
    ['statements', [2]],
    ['statements', [3]],
    ['merged', [4]],
  ])
})

test('the writes of one event are a step each, so that an error names its operation', () => {
  const history = new History()
  const own = insert(history.message('a', '1'))
  assert.deepEqual(
    steps(history.event(own, own)).map(({ operations }) => operations),
    [[0], [1]],
  )
})

test('the last write of a row wins, and keeps what it does not set', () => {
  const history = new History()
  const [step] = steps(
    history.events(
      { do: 'client.online', clientid: 'c', node: 'n1', at: AT },
      { do: 'client.offline', clientid: 'c', node: 'n1', at: AT + 1 },
      { do: 'client.offline', clientid: 'd', node: 'n1', at: AT + 2 },
      { do: 'retain.put', message: history.message('a', '1'), node: 'n1' },
      { do: 'retain.delete', topic: 'a' },
    ),
  )
  assert.ok(step?.kind === 'merged')
  assert.deepEqual(
    [...step.merged.clients.values()],
    [
      { clientid: 'c', node: 'n1', state: 0, onlineAt: AT, offlineAt: AT + 1 },
      { clientid: 'd', node: 'n1', state: 0, onlineAt: null, offlineAt: AT + 2 },
    ],
  )
  assert.deepEqual([...step.merged.retained], [['a', null]])
})

test('a position that is forgotten forgets the moves before it', () => {
  const history = new History()
  const [one, two] = [history.message('a', '1'), history.message('a', '2')]
  const forget = { do: 'position.delete', clientid: 'c', topic: 'a' } as const
  const [step] = steps(history.events(ack('c', one), forget, ack('c', two)))
  assert.ok(step?.kind === 'merged')
  assert.deepEqual(
    [...step.merged.positions.values()],
    [{ clientid: 'c', topic: 'a', forget: true, msgids: [two.msgid] }],
  )
})
