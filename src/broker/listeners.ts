// The sockets that clients come in by.

import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type PeerCertificate, TLSSocket, type Server as TlsServer } from 'node:tls'
import type { Logger } from '../log/logger.ts'
import { HoldfastError } from '../model/errors.ts'
import { plainAddress } from '../model/network.ts'
import { Certificates, readCertificates, type TlsContext, type TlsOptions } from './certificates.ts'
import { Places } from './places.ts'
import type { Unfinished } from './unfinished.ts'
import { acceptWebSockets, type WebSocketOptions } from './web-socket.ts'

export const LISTENER_KINDS = ['tcp', 'ssl', 'ws', 'wss'] as const
export type ListenerKind = (typeof LISTENER_KINDS)[number]

export interface ListenerOptions extends Omit<TlsOptions, 'key'>, Partial<Pick<WebSocketOptions, 'path' | 'origins'>> {
  readonly kind: ListenerKind
  readonly name: string
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Clients at a time. Absent: no limit. */
  readonly maxConnections?: number
  /** The CN of a client's certificate is its user name; goes with `verify`. */
  readonly identityAsUsername?: boolean
}

/** What holds for every listener with TLS or WebSocket as long as it is open. */
export interface ListenerRules {
  /** For each of: TLS's handshake, WebSocket's; ms. */
  readonly handshakeMs: number
  /** Bytes of one WebSocket message. */
  readonly maxMessageSize: number
}

export interface ListenerSurroundings {
  /** For the clients of all listeners. */
  readonly places: Places
  readonly unfinished: Unfinished
  readonly log: Logger
  /** A handshake failed. */
  failed(error: Error): void
  arrived(arrival: Arrival): void
  /** Files of certificates were read anew: some clients may not be proven any more. */
  reloaded(): void
}

export interface Listener {
  /** What it was made by. */
  readonly options: ListenerOptions
  readonly rules: ListenerRules
  /** `tcp:default` */
  readonly name: string
  readonly host: string
  readonly port: number
  /** As a client would write it: `mqtts://127.0.0.1:8883`. */
  readonly url: string
  readonly places: Places
  /** Of ssl and wss. */
  readonly certificates: Certificates | undefined
  /** Takes no more connections, and ends those that have not said who they are. Clients stay. */
  close(): void
  /** Ends what is still open. */
  cut(): void
}

/** A connection whose bytes are MQTT from here on. */
export interface Arrival {
  readonly stream: Duplex
  /** TCP's: the stream itself, or what it is in. */
  readonly socket: Socket
  /** IP address of the client. */
  readonly peerhost: string
  readonly places: Places
  /** What the client showed, where the listener verifies it. */
  readonly certificate: PeerCertificate | undefined
  /** Would the handshake take its certificate still? True where none is verified. */
  isProven(): boolean
  /** The CN of that, null for none; undefined where it is not its user name. */
  readonly identity: string | null | undefined
}

/** TCP's own signs of life, for clients that ask for no keepalive: a dead one is noticed at last. */
const TCP_KEEPALIVE_MS = 120_000
const DEFAULT_PATH = '/mqtt'
const HTTP_HEADER_BYTES = 8192

/**
 * Opens one listener.
 * @throws HoldfastError LISTENER_TLS (a file is missing or not what it should be), LISTENER_ADDRESS (in use, not ours, not allowed)
 */
export async function openListener(
  options: ListenerOptions,
  rules: ListenerRules,
  { places: outer, unfinished, log, failed, arrived, reloaded }: ListenerSurroundings,
): Promise<Listener> {
  const name = `${options.kind}:${options.name}`
  const places = new Places(options.maxConnections ?? Number.POSITIVE_INFINITY, outer)
  /**
   * By the address of the other side: TLS and HTTP hand over another object than the one that was accepted. With who signs at the
   * beginning of its handshake.
   */
  const sockets = new Map<string, { readonly socket: Socket; readonly signers: Buffer | undefined }>()
  const tls = isSecure(options) ? { key: confKey(options), ...options } : undefined
  const context = tls && readCertificates(tls)
  let certificates: Certificates | undefined

  const server = createFor(options, { ...rules, context, unfinished, failed }, (stream, carrier) => {
    const { socket, signers } = sockets.get(addressOf(carrier)) ?? {}
    if (!socket) return void stream.destroy() // gone already
    const certificate = carrier instanceof TLSSocket && carrier.authorized ? carrier.getPeerCertificate() : undefined
    const identity = options.identityAsUsername ? commonName(certificate) : undefined
    const isProven = (): boolean =>
      !(carrier instanceof TLSSocket) || !certificates || certificates.takes(carrier, signers)
    arrived({ stream, socket, peerhost: plainAddress(socket.remoteAddress), places, certificate, isProven, identity })
  })
  server.prependListener('connection', (socket: Socket) => {
    socket.setNoDelay(true) // writes are gathered by the outlet; waiting on top of that costs milliseconds
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
    const address = addressOf(socket)
    sockets.set(address, { socket, signers: certificates?.signers ?? context?.ca })
    socket.once('close', () => {
      if (sockets.get(address)?.socket === socket) sockets.delete(address) // else its port is another one's by now
    })
    places.enter(socket)
  })
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    socket.destroy() // Node leaves it open when the handshake took too long
    failed(error)
  })
  await listening(server, options)
  server.on('error', (error) => log.error({ listener: name, err: error }, 'listener_error'))

  certificates = tls && context && new Certificates(tls, context, { server: server as TlsServer, log, reloaded })
  const { address, port } = server.address() as AddressInfo
  log.info({ listener: name, host: address, port }, 'listener_open')
  return {
    options,
    rules,
    name,
    host: address,
    port,
    url: urlOf(options, address, port),
    places,
    certificates,
    close() {
      certificates?.close()
      server.close()
      places.turnAway()
    },
    cut() {
      for (const { socket } of sockets.values()) socket.destroy()
    },
  }
}

/** Several are an array: which one should it be? */
function commonName(certificate: PeerCertificate | undefined): string | null {
  const name: unknown = certificate?.subject?.CN
  return typeof name === 'string' && name !== '' ? name : null
}

interface Making extends ListenerRules {
  readonly context: TlsContext | undefined
  readonly unfinished: Unfinished
  failed(error: Error): void
}

/** @param arrived is called with a stream of MQTT and the socket that it is, or is in */
function createFor(
  options: ListenerOptions,
  { context, handshakeMs, maxMessageSize, unfinished, failed }: Making,
  arrived: (stream: Duplex, carrier: Socket) => void,
): Server {
  const { kind, path = DEFAULT_PATH, origins } = options
  const tls = { ...context, handshakeTimeout: handshakeMs }
  const http = {
    headersTimeout: handshakeMs,
    requestTimeout: handshakeMs,
    connectionsCheckingInterval: Math.ceil(handshakeMs / 4),
    maxHeaderSize: HTTP_HEADER_BYTES,
  }
  const webSocket = { path, origins, maxMessageSize, unfinished, failed }
  const direct = (socket: Socket): void => arrived(socket, socket)
  switch (kind) {
    case 'tcp':
      return createServer(direct)
    case 'ssl':
      return createTlsServer(tls, direct)
    case 'ws':
      return acceptWebSockets(createHttpServer(http), webSocket, arrived)
    case 'wss':
      return acceptWebSockets(createHttpsServer({ ...http, ...tls }), webSocket, arrived)
  }
}

async function listening(server: Server, { kind, name, host, port }: ListenerOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port, backlog: 1024 }, resolve)
  try {
    await promise
    server.removeListener('error', reject)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new HoldfastError('LISTENER_ADDRESS', `listener.${kind}.${name} can't listen on ${host}:${port} (${code})`, {
      hint:
        code === 'EADDRINUSE'
          ? 'another program listens there; stop it or choose another port'
          : 'choose another address',
      cause,
    })
  }
}

const isSecure = ({ kind }: ListenerOptions): boolean => kind === 'ssl' || kind === 'wss'
const confKey = ({ kind, name }: ListenerOptions): string => `listener.${kind}.${name}`
const SCHEMES: Readonly<Record<ListenerKind, string>> = { tcp: 'mqtt', ssl: 'mqtts', ws: 'ws', wss: 'wss' }

function urlOf({ kind, path }: ListenerOptions, host: string, port: number): string {
  const end = kind === 'ws' || kind === 'wss' ? (path ?? DEFAULT_PATH) : ''
  return `${SCHEMES[kind]}://${host.includes(':') ? `[${host}]` : host}:${port}${end}`
}

const addressOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
