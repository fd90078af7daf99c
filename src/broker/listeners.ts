// The sockets that clients come in by.

import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Logger } from '../log/logger.ts'
import { HoldfastError } from '../model/errors.ts'

export const LISTENER_KINDS = ['tcp', 'ssl', 'ws', 'wss'] as const
export type ListenerKind = (typeof LISTENER_KINDS)[number]

export interface ListenerOptions {
  readonly kind: ListenerKind
  readonly name: string
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Absent: no limit. */
  readonly maxConnections?: number
  /** Files, for ssl. */
  readonly certfile?: string
  readonly keyfile?: string
  readonly cafile?: string
  /** Ask for a client certificate, and refuse a client that has none signed by `cafile`. */
  readonly verify?: boolean
}

export interface Listener {
  /** `tcp:default` */
  readonly name: string
  readonly host: string
  readonly port: number
  /** Takes no more connections. Those that are there stay. */
  close(): void
}

/** `over`: one connection more than the listener may have. */
export type Accept = (socket: Socket, over: boolean) => void

/**
 * Opens one listener.
 * @throws HoldfastError LISTENER_KIND (ws, wss), LISTENER_TLS (a file is missing or not what it should be),
 * LISTENER_ADDRESS (in use, not ours, not allowed)
 */
export async function openListener(options: ListenerOptions, accept: Accept, log: Logger): Promise<Listener> {
  const name = `${options.kind}:${options.name}`
  let connections = 0
  const server = createFor(options, (socket) => {
    connections++
    socket.on('close', () => connections--)
    socket.setNoDelay(true) // writes are gathered by the outlet; waiting on top of that costs milliseconds
    accept(socket, connections > (options.maxConnections ?? Number.POSITIVE_INFINITY))
  })
  server.on('tlsClientError', (error) => log.debug({ listener: name, err: error }, 'tls_client_error'))
  await listening(server, options)
  server.on('error', (error) => log.error({ listener: name, err: error }, 'listener_error')) // e.g. out of descriptors
  const { address, port } = server.address() as AddressInfo
  log.info({ listener: name, host: address, port }, 'listener_open')
  return { name, host: address, port, close: () => void server.close() }
}

function createFor(options: ListenerOptions, connected: (socket: Socket) => void): Server {
  switch (options.kind) {
    case 'tcp':
      return createServer(connected)
    case 'ssl':
      return createTlsServer({ ...certificates(options), handshakeTimeout: 10_000 }).on('secureConnection', connected)
    case 'ws':
    case 'wss':
      throw new HoldfastError(
        'LISTENER_KIND',
        `listener.${options.kind}.${options.name}: WebSocket is not in this version`,
        {
          hint: 'use listener.tcp or listener.ssl',
        },
      )
  }
}

function certificates({ kind, name, certfile, keyfile, cafile, verify = false }: ListenerOptions) {
  if (!certfile || !keyfile) {
    throw new HoldfastError('LISTENER_TLS', `listener.${kind}.${name} needs a certificate and its key`, {
      hint: `set listener.${kind}.${name}.certfile and .keyfile`,
    })
  }
  try {
    return {
      cert: readFileSync(certfile),
      key: readFileSync(keyfile),
      ...(cafile === undefined ? {} : { ca: readFileSync(cafile) }),
      requestCert: verify,
      rejectUnauthorized: verify,
    }
  } catch (cause) {
    throw new HoldfastError('LISTENER_TLS', `listener.${kind}.${name}: ${(cause as Error).message}`, { cause })
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
