// A database server of our own: any number of them, each with a folder and a port of its own, stopped by process id.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beginOf, dieWithParent, hang, signalProcess } from './processes.ts'

const READY_MS = 120_000 // Java, on a busy machine
/** Our note of the running server. */
const NOTE = 'running'

export interface ServerOptions {
  /** Where the server lives; its content is kept. Absent: a folder that is removed at `stop`. */
  readonly folder?: string
  readonly port?: number
  /** Goes on when this process ends. */
  readonly outlive?: boolean
}

export interface Running {
  readonly pid: number
  readonly port: number
}

export abstract class ServerProcess {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly folder: string
  /** In order; and when nothing of it is needed any more. */
  protected readonly signals: Readonly<Record<'end' | 'discard', NodeJS.Signals>> = {
    end: 'SIGTERM',
    discard: 'SIGKILL',
  }
  readonly #name: string
  readonly #temporary: boolean
  readonly #outlive: boolean
  #child: ChildProcess | undefined

  /** @param home where a temporary folder is made */
  constructor(name: string, port: number, { folder, outlive = false }: ServerOptions, home = tmpdir()) {
    this.#name = name
    this.port = port
    this.#temporary = folder === undefined
    this.#outlive = outlive
    this.folder = folder ?? mkdtempSync(join(home, `holdfast-${name.toLowerCase()}-`))
    mkdirSync(this.folder, { recursive: true })
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8')
  }

  /** A question; rejects while the server is not ready to answer. */
  protected abstract knock(): Promise<unknown>

  /** Until it answers. */
  protected async launch(server: readonly string[], account: Pick<SpawnOptions, 'uid' | 'gid'> = {}): Promise<void> {
    const log = openSync(join(this.folder, 'log'), 'a')
    const [command, ...args] = this.#outlive ? server : dieWithParent(server, this.signals.end)
    const stdio = ['ignore', log, log] as const
    const child = spawn(command!, args, { ...account, cwd: this.folder, detached: this.#outlive, stdio: [...stdio] })
    this.#child = child
    if (this.#outlive) child.unref()
    await once(child, 'spawn')
    writeFileSync(join(this.folder, NOTE), [child.pid, this.port, beginOf(child.pid!)].join(' '))
    await this.#ready(child)
  }

  /** A server that ends instead tells why in its log. */
  async #ready(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + READY_MS
    for (;;) {
      try {
        await this.knock()
        return
      } catch (error) {
        if (!hasEnded(child) && Date.now() < deadline) await sleep(30)
        else throw new Error(`${this.#name} did not start:\n${this.log().slice(-5000)}`, { cause: error })
      }
    }
  }

  /** Orderly shutdown. */
  async end(): Promise<void> {
    await this.#signal(this.signals.end)
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.#signal(this.signals[this.#temporary ? 'discard' : 'end'])
    if (this.#temporary) rmSync(this.folder, { recursive: true, force: true })
  }

  /** As a power cut would, but for what the system had not written yet. */
  async kill9(): Promise<void> {
    await this.#signal('SIGKILL')
  }

  /** Hangs: connections stay open and nothing answers. */
  pause(): void {
    hang(this.pid!)
  }

  resume(): void {
    signalProcess(this.pid!, 'SIGCONT')
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || hasEnded(child)) return
    const ended = once(child, 'exit')
    this.resume()
    child.kill(signal)
    await ended
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** The server that was started in the folder, while it runs. */
export function runningIn(folder: string): Running | undefined {
  const note = lastIn(folder)
  return note && beginOf(note.pid) === note.begin ? note : undefined
}

/** The server that was started last in the folder. */
export function lastIn(folder: string): (Running & { readonly begin: number }) | undefined {
  const note = join(folder, NOTE)
  if (!existsSync(note)) return undefined
  const [pid = 0, port = 0, begin = 0] = readFileSync(note, 'utf8').split(' ').map(Number)
  return { pid, port, begin }
}
