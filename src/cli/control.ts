// The running gateway's control socket: one JSON request a line, one JSON answer a line. Only the owner may connect.

import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Host } from '../console/host.ts'
import type { Written } from '../gateway/commands.ts'
import { ConfigFaults, type Fault } from '../gateway/load.ts'
import { HoldfastError } from '../model/errors.ts'

type Question = Exclude<keyof Host, 'follow'>
/** One line, as JSON: what to do, and with what. */
export type Request =
  | { [Ask in Question]: { readonly ask: Ask; readonly args: Parameters<Host[Ask]> } }[Question]
  | { readonly ask: 'follow'; readonly args: readonly [name: string, input: Written] }

interface Refusal {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly faults?: readonly Fault[]
}

/** `ended`: nothing more comes of a `follow`. */
type Answer = { readonly result: unknown } | { readonly error: Refusal } | { readonly ended: true }

// Linux refuses a socket path over 107 bytes
const PATH_BYTES = 107

/** @throws HoldfastError PATH_TOO_LONG */
export function controlPath(dataDir: string): string {
  const path = join(dataDir, 'holdfast.sock')
  if (Buffer.byteLength(path) > PATH_BYTES) {
    throw new HoldfastError('PATH_TOO_LONG', `the control socket ${path} has a path of over ${PATH_BYTES} bytes`, {
      hint: 'choose a data folder with a shorter path, or a shorter link to it',
    })
  }
  return path
}

export interface ControlSocket {
  /** Answers nobody new, and nobody is told any more. */
  close(): void
}

/** The caller holds the data folder's lock, so a socket file that is there is a dead one's. */
export async function serveControl(dataDir: string, host: Host): Promise<ControlSocket> {
  const path = controlPath(dataDir)
  rmSync(path, { force: true })
  const closing = new AbortController()
  const server = createServer((socket) => serve(socket, host, closing.signal))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  chmodSync(path, 0o600)
  return {
    close() {
      server.close()
      closing.abort()
    },
  }
}

function serve(socket: Socket, host: Host, closing: AbortSignal): void {
  const gone = new AbortController()
  socket.on('error', () => socket.destroy())
  socket.on('close', () => gone.abort())
  const lines = createInterface({ input: socket })
  lines.on('line', async (line) => {
    for await (const answer of answersTo(line, host, AbortSignal.any([gone.signal, closing]))) {
      if (!socket.destroyed && !socket.write(lineOf(answer))) {
        await once(socket, 'drain', { signal: gone.signal }).catch(() => {}) // gone
      }
    }
    if (closing.aborted) socket.end()
  })
}

/** For readline a line ends at these separators, too. */
const lineOf = (value: Request | Answer): string =>
  `${JSON.stringify(value).replace(/[\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`)}\n`

/** One; of `follow` one for each item. */
async function* answersTo(line: string, host: Host, end: AbortSignal): AsyncGenerator<Answer> {
  try {
    const request = JSON.parse(line) as Request
    if (request.ask !== 'follow') return yield { result: await resultOf(request, host) }
    for await (const result of host.follow(...request.args, end)) yield { result }
    yield { ended: true }
  } catch (error) {
    yield { error: told(error) }
  }
}

function told(error: unknown): Refusal {
  if (!(error instanceof HoldfastError)) {
    return { code: error instanceof SyntaxError ? 'BAD_REQUEST' : 'INTERNAL', message: String(error) }
  }
  const { code, message, hint } = error
  const faults = error instanceof ConfigFaults ? { faults: error.faults } : {}
  return { code, message, ...(hint && { hint }), ...faults }
}

async function resultOf({ ask, args }: Exclude<Request, { ask: 'follow' }>, host: Host): Promise<unknown> {
  if (Object.hasOwn(host, ask)) return (await (host[ask] as (...args: unknown[]) => unknown)(...args)) ?? null
  throw new HoldfastError('BAD_REQUEST', 'this gateway has another version than the command')
}

/** The gateway that holds `dataDir`. Each of its methods throws HoldfastError, also NOT_RUNNING. */
export function runningGateway(dataDir: string): Host {
  // what comes back is what the same method has returned over there
  const ask = (request: Request): Promise<never> => control(dataDir, request) as Promise<never>
  return {
    run: (...args) => ask({ ask: 'run', args }),
    preview: (...args) => ask({ ask: 'preview', args }),
    follow: (name, input, signal) => answers(dataDir, { ask: 'follow', args: [name, input as Written] }, signal),
    complete: (...args) => ask({ ask: 'complete', args }),
    idleMs: () => ask({ ask: 'idleMs', args: [] }),
    setupCode: async () => (await ask({ ask: 'setupCode', args: [] })) ?? undefined,
    login: (...args) => ask({ ask: 'login', args }),
    setUp: (...args) => ask({ ask: 'setUp', args }),
    changePassword: (...args) => ask({ ask: 'changePassword', args }),
    holds: (...args) => ask({ ask: 'holds', args }),
  }
}

async function control(dataDir: string, request: Request): Promise<unknown> {
  for await (const result of answers(dataDir, request)) return result
}

/** The items of a `follow`, until there are no more, the gateway stops or the signal ends it; of any other request its one result. */
async function* answers(dataDir: string, request: Request, signal?: AbortSignal): AsyncGenerator<unknown> {
  const socket = await connect(dataDir)
  const lines = createInterface({ input: socket })
  const end = (): void => {
    lines.close()
    socket.destroy()
  }
  signal?.addEventListener('abort', end)
  try {
    socket.write(lineOf(request))
    for await (const line of lines) {
      const answer = JSON.parse(line) as Answer
      if ('error' in answer) throw refusal(answer.error)
      if ('ended' in answer) return
      yield answer.result
    }
    if (!signal?.aborted) throw new HoldfastError('NOT_RUNNING', 'the gateway stopped before all was answered')
  } finally {
    end()
  }
}

const refusal = ({ code, message, hint }: Refusal): HoldfastError =>
  new HoldfastError(code, message, hint ? { hint } : {})

async function connect(dataDir: string): Promise<Socket> {
  const socket = createConnection(controlPath(dataDir))
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    socket.on('error', () => {}) // it ends, and whoever waits is told so
    return socket
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') {
      throw new HoldfastError('NOT_ALLOWED', `only the user that the gateway on ${dataDir} runs as may command it`, {
        hint: `be that user, or root: ls -l ${controlPath(dataDir)}`,
        cause: error,
      })
    }
    throw new HoldfastError('NOT_RUNNING', `no gateway is running on ${dataDir}`, {
      hint: 'start it with `holdfast run`, or name its folder with --data',
      cause: error,
    })
  }
}
