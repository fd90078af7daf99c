// MQTT inside WebSocket, plain and inside TLS: the everyday client, and a socket that does what none would do.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { after, before, test } from 'node:test'
import mqtt from 'mqtt'
import { generate } from 'mqtt-packet'
import { type ClientOptions, createWebSocketStream, WebSocket } from 'ws'
import { type OurBroker, startOurs } from '../helpers/brokers.ts'
import { connectPacket, publishPacket, RawClient } from '../helpers/raw-client.ts'

const TLS = join(import.meta.dirname, '../helpers/tls')
const files = { certfile: join(TLS, 'cert.pem'), keyfile: join(TLS, 'key.pem') }
const host = '127.0.0.1'

let ours: OurBroker
const url: Record<string, string> = {}
before(async () => {
  ours = await startOurs({
    listeners: [
      { kind: 'ws', name: 'plain', host, port: 0 },
      { kind: 'wss', name: 'secure', host, port: 0, ...files },
      { kind: 'ws', name: 'strict', host, port: 0, path: '/a/b', origins: ['https://panel.example'] },
      { kind: 'tcp', name: 'tcp', host, port: 0 },
    ],
    limits: { maxPacketSize: 100_000, connectTimeoutMs: 400 },
  })
  for (const listener of ours.broker.listeners) url[listener.name.split(':')[1]!] = listener.url
})
after(() => ours.close())

async function open(to = url.plain!, protocols: string[] = ['mqtt'], options: ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(to, protocols, options)
  await once(socket, 'open')
  return socket
}

function streamOf(socket: WebSocket): Duplex {
  const stream = createWebSocketStream(socket)
  socket.once('close', () => stream.destroy())
  return stream
}

const rawClient = (socket: WebSocket): Promise<RawClient> => RawClient.connect(streamOf(socket))
const statusOf = (error: unknown): string => /response: (\d+)/.exec(String(error))?.[1] ?? String(error)

for (const kind of ['plain', 'secure']) {
  test(`${kind}: what a client publishes comes to it and to a client on TCP, whatever its size`, async () => {
    const ca = readFileSync(files.certfile)
    const client = await mqtt.connectAsync(url[kind]!, { ca, reconnectPeriod: 0 })
    const other = await RawClient.connect(ours.broker.listeners[3]!.port)
    other.acknowledgeAll()
    await other.subscribe(['sizes', 2])
    await client.subscribeAsync('sizes', { qos: 2 })
    const heard: number[] = []
    client.on('message', (_topic, payload) => heard.push(payload.length))
    const sizes = [0, 1, 125, 126, 4096, 4097, 16_384, 65_535, 65_536, 99_000]
    for (const size of sizes) await client.publishAsync('sizes', 'x'.repeat(size), { qos: 2 })
    await other.until(() => heard.length === sizes.length && other.publishes.length === sizes.length)
    assert.deepEqual(heard, sizes)
    assert.deepEqual(
      other.publishes.map(({ payload }) => payload.length),
      sizes,
    )
    assert.equal(ours.broker.clients().find(({ clientid }) => clientid === client.options.clientId)!.peerhost, host)
    await Promise.all([client.endAsync(), other.disconnect()])
  })
}

test('packets begin and end anywhere in messages [MQTT-6.0.0-2]', async () => {
  const socket = await open()
  const client = new RawClient(streamOf(socket))
  const bytes = Buffer.concat([
    generate(connectPacket()),
    generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'cut', qos: 0 }] }),
    generate(publishPacket('cut', 'one', { qos: 1, messageId: 2 })),
    generate(publishPacket('cut', 'two', { qos: 1, messageId: 3 })),
  ])
  for (let at = 0; at < bytes.length; at += 3) socket.send(bytes.subarray(at, at + 3))
  await client.received('puback', 2)
  await client.received('publish', 2)
  assert.deepEqual(
    client.publishes.map(({ payload }) => String(payload)),
    ['one', 'two'],
  )
  await client.drop()
})

test('a message in fragments is one message', async () => {
  const socket = await open()
  const client = await rawClient(socket)
  const packet = generate(publishPacket('fragments', 'x', { qos: 1, messageId: 9 }))
  for (const [index, byte] of packet.entries()) {
    socket.send(Buffer.from([byte]), { binary: true, fin: index === packet.length - 1 })
  }
  await client.received('puback')
  await client.disconnect()
})

test('what the broker writes is binary, and a connection that it ends gets a close frame', async () => {
  const socket = await open()
  const frames: boolean[] = []
  socket.on('message', (_bytes, isBinary) => frames.push(isBinary))
  const closed = once(socket, 'close')
  const client = await rawClient(socket)
  client.send({ cmd: 'disconnect' })
  const [code] = await closed
  assert.deepEqual([frames, code], [[true], 1005])
})

test('a text frame ends the connection, and nothing of it counts [MQTT-6.0.0-1]', async () => {
  const socket = await open()
  const client = await rawClient(socket)
  const before = ours.hooks.publishes().length
  socket.send(generate(publishPacket('text', 'x', { qos: 1, messageId: 1 })).toString('latin1'))
  await client.until(() => client.closed)
  assert.deepEqual([ours.hooks.publishes().length, client.packets.length], [before, 1])
})

for (const [what, status, to, protocols, options] of [
  ['no subprotocol [MQTT-6.0.0-3]', '400', 'plain', [], {}],
  ['another subprotocol', '400', 'plain', ['chat'], {}],
  ['another path', '400', 'plain:/', ['mqtt'], {}],
  ['an origin that is not listed', '403', 'strict', ['mqtt'], { origin: 'https://evil.example' }],
] as const) {
  test(`${what} is refused with ${status}`, async () => {
    const [name, path] = to.split(':')
    const wanted = path === undefined ? url[name!]! : new URL(path, url[name!]).href
    await assert.rejects(open(wanted, [...protocols], options), (error) => statusOf(error) === status)
  })
}

test('listed origins and clients that are no browsers come in; mqttv3.1 is taken too; the first that is known counts', async () => {
  for (const [to, protocols, options, chosen] of [
    ['strict', ['mqtt'], { origin: 'https://panel.example' }, 'mqtt'],
    ['strict', ['mqtt'], {}, 'mqtt'],
    ['plain', ['mqttv3.1'], { origin: 'https://evil.example' }, 'mqttv3.1'],
    ['plain', ['chat', 'mqttv3.1', 'mqtt'], {}, 'mqtt'],
  ] as const) {
    const socket = await open(url[to]!, [...protocols], options)
    assert.equal(socket.protocol, chosen)
    assert.equal(socket.extensions, '') // no compression
    socket.terminate()
  }
})

test('plain HTTP is told what is here', async () => {
  const [response] = await once(get(url.plain!.replace('ws:', 'http:')), 'response')
  assert.deepEqual([response.statusCode, response.headers.upgrade], [426, 'websocket'])
  response.resume()
})

test('a message over the limit ends the connection before it is all there', async () => {
  const socket = await open()
  const client = await rawClient(socket)
  socket.send(Buffer.alloc(1_000_000), { fin: false })
  await client.until(() => client.closed)
})

test('messages that stop in the middle are bounded together; those that are whole, and pings, count no more', async (t) => {
  const few = await startOurs({
    listeners: [{ kind: 'ws', name: 'few', host, port: 0 }],
    limits: { maxUnfinished: 30_000 },
  })
  t.after(() => few.close())
  const to = few.broker.listeners[0]!.url
  const steady = await open(to)
  const client = await rawClient(steady)
  for (let n = 1; n <= 20; n++) await client.publish('t', 'x'.repeat(20_000), { qos: 1, messageId: n })
  for (let n = 0; n < 300; n++) {
    steady.ping('x'.repeat(120))
    await once(steady, 'pong')
  }
  const half = async (): Promise<WebSocket> => {
    const socket = await open(to)
    socket.send(Buffer.alloc(20_000, 0x10), { fin: false })
    return socket
  }
  const first = await half()
  const second = await half()
  await once(first, 'close')
  await client.fence() // it is the oldest, had it been counted
  assert.deepEqual([second.readyState, few.broker.stats().overLimit], [WebSocket.OPEN, { unfinished: 1 }])
})

test('empty fragments without end, and pings that nobody reads the answers of, end the connection', async () => {
  for (const frame of [Buffer.from([0x00, 0x80, 1, 2, 3, 4]), Buffer.from([0x89, 0x80, 1, 2, 3, 4])]) {
    const socket = await open()
    const client = await rawClient(socket)
    const { _socket: raw } = socket as unknown as { _socket: ReturnType<typeof connectSocket> }
    raw.write(Buffer.from([0x02, 0x80, 1, 2, 3, 4])) // begins a message
    raw.pause()
    const ended = new Promise((resolve) => raw.once('error', resolve).once('close', resolve))
    const flood = setInterval(() => raw.write(Buffer.concat(new Array(20_000).fill(frame))), 5)
    await ended
    clearInterval(flood)
    assert.deepEqual(client.packets.length, 1)
  }
})

test('a handshake that does not go on ends in time', async () => {
  const { port } = new URL(url.plain!)
  for (const bytes of ['', 'GET /mqtt HTTP/1.1\r\nHost: x\r\n']) {
    const socket = connectSocket(Number(port), host)
    socket.write(bytes)
    socket.resume()
    await once(socket, 'close')
  }
  const silent = await open() // no CONNECT
  await once(silent, 'close')
  assert.ok(ours.broker.stats().overLimit.connect_timeout! > 0)
})

test('a subscriber that does not read fills no memory; when it reads again it gets everything in order', async () => {
  const socket = await open()
  const client = await rawClient(socket)
  client.acknowledgeAll()
  await client.subscribe(['much', 1])
  socket.pause()
  const publisher = await RawClient.connect(ours.broker.listeners[3]!.port)
  const payload = 'x'.repeat(90_000)
  for (let i = 0; i < 100; i++) await publisher.publish('much', `${i} ${payload}`, { qos: 1 })
  const waiting = ours.broker.clients().find(({ subscriptions }) => subscriptions === 1)!
  assert.ok(waiting.waiting >= 100 - 32, `${waiting.waiting} wait`)
  socket.resume()
  await client.received('publish', 100)
  assert.deepEqual(
    client.publishes.map((packet) => parseInt(String(packet.payload), 10)),
    Array.from({ length: 100 }, (_, i) => i),
  )
  await Promise.all([client.disconnect(), publisher.disconnect()])
})
