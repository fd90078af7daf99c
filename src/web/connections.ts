// The connections that the page's listener takes: so many, so many from one address. Where it speaks TLS, one that begins with
// plain HTTP is told where to go.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { networkOf, plainAddress } from '../model/network.ts'
import { isOurs } from './guard.ts'

export interface ConnectionRules {
  readonly most: number
  readonly mostPerAddress: number
  readonly secure: boolean
  /** Names that are ours. */
  readonly names: readonly string[]
}

/** First byte of TLS: a record of the handshake. */
const HANDSHAKE = 0x16
/** For the first byte, and for a whole plain request. */
const PATIENCE_MS = 10_000

/** Takes the place of the server's own way to take connections. */
export function guardConnections(server: Server, rules: ConnectionRules): void {
  server.maxConnections = rules.most
  const takers = server.listeners('connection') as ((socket: Socket) => void)[]
  const take = (socket: Socket): void => {
    for (const taker of takers) taker.call(server, socket)
  }
  const elsewhere = redirects(rules.names)
  const byNetwork = new Map<string, number>()
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const network = networkOf(plainAddress(socket.remoteAddress))
    const count = (byNetwork.get(network) ?? 0) + 1
    if (count > rules.mostPerAddress) return void socket.destroy()
    byNetwork.set(network, count)
    socket.once('close', () => {
      const left = byNetwork.get(network)! - 1
      if (left > 0) byNetwork.set(network, left)
      else byNetwork.delete(network)
    })
    if (rules.secure) bySpeech(socket, take, elsewhere)
    else take(socket)
  })
}

function bySpeech(socket: Socket, tls: (socket: Socket) => void, plain: Server): void {
  const patience = setTimeout(() => socket.destroy(), PATIENCE_MS)
  const failed = (): void => void socket.destroy()
  socket.once('error', failed)
  socket.once('close', () => clearTimeout(patience))
  socket.once('readable', () => {
    const first: Buffer | null = socket.read()
    if (first === null) return void socket.destroy()
    socket.unshift(first)
    socket.removeListener('error', failed)
    if (first[0] !== HANDSHAKE) return void plain.emit('connection', socket) // its patience goes on
    clearTimeout(patience)
    tls(socket)
  })
}

/** A program that sends its token in the clear is to notice. */
const MACHINES = /^\/(api|metrics|healthz|openapi)\b/

/** Its connections come from elsewhere; each has one answer. */
function redirects(names: readonly string[]): Server {
  return createServer({ maxHeaderSize: 8192 }, (request: IncomingMessage, response: ServerResponse) => {
    const { method, url = '/', headers } = request
    const { host } = headers
    response.setHeader('connection', 'close')
    const isPerson =
      (method === 'GET' || method === 'HEAD') && headers.authorization === undefined && !MACHINES.test(url)
    if (isPerson && host !== undefined && isOurs(host, names) && url.startsWith('/')) {
      response.writeHead(308, { location: `https://${host}${url}` }).end()
    } else response.writeHead(400, { 'content-type': 'text/plain' }).end('https:// is spoken here\n')
  })
}
