import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rooms } from '../../src/gateway/rooms.ts'
import { createLogger } from '../../src/log/logger.ts'

const never = (): Promise<void> => new Promise(() => {})

function roomsWith(closed: string[], ways: Readonly<Record<string, () => unknown>>, canBeLeft: readonly string[] = []) {
  const rooms = new Rooms()
  for (const [name, way] of Object.entries(ways)) {
    const close = async (): Promise<void> => {
      await way()
      closed.push(name)
    }
    rooms.add(name, close, { canBeLeft: canBeLeft.includes(name) })
  }
  const lines: string[] = []
  const log = createLogger({ level: 'info', pretty: true, destination: { write: (line) => void lines.push(line) } })
  return { close: (ms: number) => rooms.close(ms, log), lines }
}

test('rooms end in the reverse order', async () => {
  const closed: string[] = []
  const { close, lines } = roomsWith(closed, { cellar: () => {}, hall: () => {}, roof: async () => {} })
  assert.equal(await close(Number.POSITIVE_INFINITY), true)
  assert.deepEqual([closed, lines], [['roof', 'hall', 'cellar'], []])
})

test('one that does not end is left; those before it end, if they can without it', async () => {
  const closed: string[] = []
  const { close, lines } = roomsWith(closed, { cellar: () => {}, hall: never, roof: () => {} }, ['hall'])
  assert.equal(await close(50), false)
  assert.deepEqual(closed, ['roof', 'cellar'])
  assert.match(lines.join(''), /room_left room=hall/)

  const none: string[] = []
  assert.equal(await roomsWith(none, { cellar: () => {}, hall: never }).close(50), false)
  assert.deepEqual(none, [])
})

test('an error of one keeps no other from its end', async () => {
  const closed: string[] = []
  const fails = (): void => {
    throw new Error('stuck door')
  }
  await assert.rejects(roomsWith(closed, { cellar: () => {}, hall: fails }).close(1000), /stuck door/)
  assert.deepEqual(closed, ['cellar'])
})
