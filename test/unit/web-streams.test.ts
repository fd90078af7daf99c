import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { eventOf, type Stream, Streams } from '../../src/web/streams.ts'
import { until } from '../helpers/gateway.ts'

const PATIENCE_MS = 2000
const LARGE = eventOf('x', 'x'.repeat(4096))

let server: Server
let streams: Streams
let reader: Socket

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  streams = new Streams(2, PATIENCE_MS)
})
afterEach(() => {
  streams.close()
  reader.destroy()
  server.closeAllConnections()
  server.close()
})

/** A stream to a reader that reads nothing yet. */
async function opened(session?: { ended: Set<() => void> }): Promise<Stream> {
  reader = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  reader.pause()
  reader.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  const reply = { hijack() {}, raw: response, getHeaders: () => ({ 'x-frame-options': 'DENY' }) }
  return streams.open({ caller: { session } } as FastifyRequest, reply as unknown as FastifyReply)
}

/** Offers until the kernel takes no more either. @returns what was taken */
async function fill(stream: Stream): Promise<number> {
  let taken = 0
  for (let refused = 0; refused < 10; ) {
    if (stream.offer(LARGE)) {
      refused = 0
      assert.ok(++taken < 100_000, 'nothing bounds it')
    } else {
      refused++
      await sleep(5)
    }
  }
  return taken
}

test('who never reads gets no more than fits, and is cut off', async () => {
  const stream = await opened()
  await fill(stream)
  await until('it is cut off', () => stream.gone.aborted)
  assert.equal(streams.size, 0)
})

test('who reads late is sent to again, and stays', async () => {
  const stream = await opened()
  const before = await fill(stream)
  let sent = false
  const sending = stream.send(eventOf('late', 1)).then(() => {
    sent = true
  })
  await new Promise(setImmediate)
  assert.equal(sent, false)
  let text = ''
  reader.on('data', (chunk) => {
    text += chunk
  })
  reader.resume()
  await sending
  await until('it has come', () => text.includes('event: late'))
  assert.match(text, /^HTTP\/1\.1 200 OK\r\nx-frame-options: DENY\r\ncontent-type: text\/event-stream/)
  assert.equal(text.split('event: x\n').length - 1, before)
  assert.equal(stream.gone.aborted, false)
})

test('there are so many at a time; what waits to be sent ends when the reader goes', async () => {
  const stream = await opened()
  const first = reader
  await opened()
  await assert.rejects(opened(), { code: 'BUSY' })
  await fill(stream)
  const sending = stream.send(LARGE)
  first.destroy()
  await sending
  assert.equal(stream.gone.aborted, true)
})

test('a stream ends with its session, and leaves nothing with it', async () => {
  const session = { ended: new Set<() => void>() }
  const stream = await opened(session)
  reader.resume()
  assert.equal(session.ended.size, 1)
  for (const end of session.ended) end()
  await until('it has ended', () => stream.gone.aborted)
  assert.equal(session.ended.size, 0)
})
