// MQTT inside WebSocket [MQTT-6.0.0]: the handshake, and the binary messages as one stream of bytes: packets may begin and
// end anywhere in them. What the outlet writes in one turn of the loop is one frame.

import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import type { Unfinished } from './unfinished.ts'

export interface WebSocketOptions {
  /** Of the URL, e.g. `/mqtt`. */
  readonly path: string
  /** Pages whose scripts may connect, as the browser names them: `https://example.com`. Absent: all. What is no browser sends none. */
  readonly origins?: readonly string[] | undefined
  /** Bytes of one message. */
  readonly maxMessageSize: number
  readonly unfinished: Unfinished
  /** A handshake was refused. */
  failed(error: Error): void
}

/** The second is MQTT 3.1's. */
const SUBPROTOCOLS = ['mqtt', 'mqttv3.1']
/** The other side may answer our close frame so long, ms. */
const CLOSE_MS = 1000
/** A message may come in so many frames, and a frame in so many of TCP's segments, … */
const PIECES = 1024
/** … and one more for so many of its bytes: each piece takes some hundred bytes beside its own. */
const PIECE_BYTES = 256
/** Of a client's control frame, before what it carries. */
const CONTROL_BYTES = 6

/** @param arrived is called with the stream of each client, and with the socket that it is in */
export function acceptWebSockets<S extends HttpServer>(
  server: S,
  { path, origins, maxMessageSize, unfinished, failed }: WebSocketOptions,
  arrived: (stream: Duplex, socket: Socket) => void,
): S {
  const pieces = PIECES + Math.ceil(maxMessageSize / PIECE_BYTES)
  // what the package knows and its types do not
  const bounds: ServerOptions & { closeTimeout: number; maxFragments: number; maxBufferedChunks: number } = {
    maxPayload: maxMessageSize,
    closeTimeout: CLOSE_MS,
    maxFragments: pieces,
    maxBufferedChunks: pieces,
  }
  const handshakes = new WebSocketServer({
    ...bounds,
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    path,
    handleProtocols: (offered) => SUBPROTOCOLS.find((one) => offered.has(one)) ?? false, // [MQTT-6.0.0-4]
    verifyClient: ({ origin, req }, answer) => {
      const offered = req.headers['sec-websocket-protocol']?.split(/\s*,\s*/) ?? []
      if (!SUBPROTOCOLS.some((one) => offered.includes(one)))
        refuse(400, 'the subprotocol must be mqtt') // [MQTT-6.0.0-3]
      else if (origin && origins && !origins.includes(origin)) refuse(403, `the origin ${origin} may not connect`)
      else answer(true)

      function refuse(status: number, why: string): void {
        failed(new Error(why))
        answer(false, status, why)
      }
    },
  })
  server.on('request', (_request, response) => {
    response.writeHead(426, { Upgrade: 'websocket', Connection: 'close' }).end(`MQTT over WebSocket is at ${path}\n`)
  })
  server.on('upgrade', (request, socket, head) => {
    handshakes.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = streamOf(webSocket)
      holdUnfinished(webSocket, request.socket, unfinished.of(stream))
      arrived(stream, request.socket)
    })
  })
  return server
}

function streamOf(webSocket: WebSocket): Duplex {
  let stream: Duplex
  webSocket.on('message', (_bytes, isBinary) => {
    if (!isBinary) stream.destroy(new Error('a WebSocket frame that is not binary')) // [MQTT-6.0.0-1]
  })
  stream = createWebSocketStream(webSocket)
  const { _destroy } = stream
  stream._destroy = (error, done) => {
    webSocket.close() // else a browser takes it for a broken line
    _destroy.call(stream, error, done)
  }
  return stream
}

/** Counts what has come of a message that is not whole: it is held before the parser sees any of it. */
function holdUnfinished(webSocket: WebSocket, socket: Socket, hold: ReturnType<Unfinished['of']>): void {
  let bytes = 0
  const isNoMessage = (control: Buffer): void => {
    bytes = Math.max(0, bytes - CONTROL_BYTES - control.length)
    hold(bytes, false)
  }
  webSocket.on('ping', isNoMessage)
  webSocket.on('pong', isNoMessage)
  webSocket.on('message', () => {
    bytes = 0
    hold(0, false)
  })
  socket.prependListener('data', (chunk: Buffer) => {
    bytes += chunk.length
    hold(bytes, bytes === chunk.length)
  })
}
