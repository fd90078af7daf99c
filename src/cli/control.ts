// The running gateway's control socket: one JSON request a line, one JSON answer a line. Only the owner may connect.

import { chmodSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Host } from '../console/host.ts'
import { ConfigFaults, type Fault } from '../gateway/load.ts'
import { HoldfastError } from '../model/errors.ts'

/** One line, as JSON: what to do, and with what. */
export type Request = { [Ask in keyof Host]: { readonly ask: Ask; readonly args: Parameters<Host[Ask]> } }[keyof Host]

type Answer =
  | { result: unknown }
  | { error: { code: string; message: string; hint?: string; faults?: readonly Fault[] } }

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

/** Serves until closed. The caller holds the data folder's lock, so a socket file that is there is a dead one's. */
export async function serveControl(dataDir: string, host: Host): Promise<Server> {
  const path = controlPath(dataDir)
  rmSync(path, { force: true })
  const server = createServer((socket) => serve(socket, host))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  chmodSync(path, 0o600)
  return server
}

function serve(socket: Socket, host: Host): void {
  socket.on('error', () => socket.destroy())
  const lines = createInterface({ input: socket })
  lines.on('line', async (line) => {
    const answer = await answerTo(line, host)
    if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`)
  })
}

async function answerTo(line: string, host: Host): Promise<Answer> {
  try {
    return { result: await resultOf(JSON.parse(line) as Request, host) }
  } catch (error) {
    if (error instanceof HoldfastError) {
      const { code, message, hint } = error
      const faults = error instanceof ConfigFaults ? { faults: error.faults } : {}
      return { error: { code, message, ...(hint && { hint }), ...faults } }
    }
    return { error: { code: error instanceof SyntaxError ? 'BAD_REQUEST' : 'INTERNAL', message: String(error) } }
  }
}

async function resultOf({ ask, args }: Request, host: Host): Promise<unknown> {
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
    complete: (...args) => ask({ ask: 'complete', args }),
    idleMs: () => ask({ ask: 'idleMs', args: [] }),
    setupCode: async () => (await ask({ ask: 'setupCode', args: [] })) ?? undefined,
    login: (...args) => ask({ ask: 'login', args }),
    setUp: (...args) => ask({ ask: 'setUp', args }),
    changePassword: (...args) => ask({ ask: 'changePassword', args }),
  }
}

async function control(dataDir: string, request: Request): Promise<unknown> {
  const socket = createConnection(controlPath(dataDir))
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
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
  socket.write(`${JSON.stringify(request)}\n`)
  for await (const line of createInterface({ input: socket })) {
    socket.destroy()
    const answer = JSON.parse(line) as Answer
    if ('result' in answer) return answer.result
    throw new HoldfastError(
      answer.error.code,
      answer.error.message,
      answer.error.hint ? { hint: answer.error.hint } : {},
    )
  }
  throw new HoldfastError('NOT_RUNNING', 'the gateway stopped before it answered')
}
