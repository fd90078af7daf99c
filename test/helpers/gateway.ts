// A whole gateway as its own process, for tests from outside: conf files in, MQTT port and control socket out.

import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What is tested: the sources, or the command in HOLDFAST_BINARY (`dist/holdfast-linux-x64`, `qemu-aarch64-static … holdfast`). */
const BINARY = process.env.HOLDFAST_BINARY?.split(' ')
const PROGRAM = BINARY ?? [process.execPath, new URL('../../src/main.ts', import.meta.url).pathname]
/** As `scripts/holdfast` has it; the binary sees to it by itself. */
const COMPILED = BINARY ? {} : { NODE_COMPILE_CACHE: new URL('../../.cache/compile', import.meta.url).pathname }
const environment = (): NodeJS.ProcessEnv => ({ ...COMPILED, ...process.env })
const run = promisify(execFile)

/** Command and arguments of `holdfast <words>`, for `spawn` and the like. */
export function commandLine(...words: string[]): [command: string, words: string[]] {
  return call(PROGRAM, words)
}

const call = ([command, ...first]: readonly string[], words: readonly string[]): [string, string[]] => [
  command!,
  [...first, ...words],
]

export interface GatewayFiles {
  /** Lines for holdfast.conf behind the listener's. */
  readonly conf?: string
  /** kind → the plugin's conf; all are loaded. */
  readonly plugins?: Readonly<Record<string, string>>
  /** Command of another program than the one that is tested. */
  readonly program?: readonly string[]
}

/** A gateway with an etc and a data folder of its own; started and killed as often as a test likes. */
export class GatewayProcess {
  readonly root: string
  readonly etc: string
  data: string
  port = 0
  /** A command that runs what follows it, as `prlimit`. */
  within: readonly string[] = []
  /** Beside the environment of the tests. */
  env: NodeJS.ProcessEnv = {}
  /** Everything it printed since the last start. */
  output = ''
  readonly #program: readonly string[]
  #child: ChildProcess | undefined

  constructor(files: GatewayFiles = {}) {
    this.#program = files.program ?? PROGRAM
    this.root = mkdtempSync(join(tmpdir(), 'holdfast-'))
    this.etc = join(this.root, 'etc')
    this.data = join(this.root, 'data')
    this.configure(files)
  }

  configure({ conf = '', plugins = {} }: GatewayFiles): void {
    mkdirSync(join(this.etc, 'plugins'), { recursive: true })
    const web = /^web.listen/m.test(conf) ? '' : 'web.listen = off\n' // its usual port is everybody's
    writeFileSync(join(this.etc, 'holdfast.conf'), `listener.tcp.default = 127.0.0.1:${this.port}\n${conf}\n${web}`)
    writeFileSync(
      join(this.etc, 'loaded_plugins'),
      Object.keys(plugins)
        .map((kind) => `emqx_backend_${kind}\n`)
        .join(''),
    )
    for (const [kind, text] of Object.entries(plugins)) {
      writeFileSync(join(this.etc, 'plugins', `emqx_backend_${kind}.conf`), text)
    }
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`
  }

  /** Where the page is, as soon as it is; with the one-time code where there is no account yet. */
  async web(): Promise<{ url: string; code: string }> {
    const [, url, code = ''] = await until('the page is open', () =>
      /^ {2}page +(\S+)(?: +one-time code (\S+))?$/m.exec(this.output),
    )
    return { url: url!, code }
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves when the listener is open; rejects with what it printed when it ends before. */
  async start(): Promise<this> {
    this.output = ''
    const [command, words] = call(this.#program, ['run', '--etc', this.etc, '--data', this.data])
    const [program, ...all] = [...this.within, command, ...words]
    const child = spawn(program!, all, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment(), ...this.env },
    })
    this.#child = child
    const collect = (chunk: Buffer): void => {
      this.output = (this.output + chunk).slice(-200_000)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    const port = await new Promise<number>((resolve, reject) => {
      const look = (): void => {
        const found = /mqtt:\/\/[^\s]*:(\d+)/.exec(this.output)
        if (found) resolve(Number(found[1]))
      }
      child.stdout.on('data', look)
      child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}:\n${this.output}`)))
    })
    if (this.port === 0) {
      this.port = port
      // the same port at the next start
      const conf = join(this.etc, 'holdfast.conf')
      writeFileSync(conf, readFileSync(conf, 'utf8').replace('127.0.0.1:0', `127.0.0.1:${port}`))
    }
    return this
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
    return child.exitCode
  }

  /** Does not wait for what comes of it. */
  signal(name: NodeJS.Signals): void {
    this.#child!.kill(name)
  }

  kill9(): Promise<number | null> {
    return this.#end('SIGKILL')
  }

  /** Waits until it has ended. @returns the exit code */
  async ended(): Promise<number | null> {
    const child = this.#child!
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return child.exitCode
  }

  /** @returns the exit code */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  /** Runs `holdfast <words>` on this gateway's folders. Rejects with the exit code and what it printed. */
  async holdfast(...words: string[]): Promise<string> {
    return (await run(...call(this.#program, words), { env: this.#environment() })).stdout
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...environment(), HOLDFAST_ETC: this.etc, HOLDFAST_DATA: this.data }
  }

  /** Gives a user a password, as a cheap hash; a gateway that runs has to reload. */
  async passwd(name: string, password: string): Promise<void> {
    const environment = { env: { ...process.env, HOLDFAST_ETC: this.etc } }
    const running = run(...commandLine('passwd', name, '--cost', '10'), environment)
    running.child.stdin!.end(`${password}\n`)
    await running
  }

  // biome-ignore lint/suspicious/noExplicitAny: the answer's shape is what tests look at
  async ctl(...words: string[]): Promise<any> {
    return JSON.parse(await this.holdfast('ctl', ...words, '--json'))
  }

  /** @returns the answer of a command that ends with 1, because it is a bad one */
  // biome-ignore lint/suspicious/noExplicitAny: the answer's shape is what tests look at
  async badAnswer(...words: string[]): Promise<any> {
    const ended = await this.holdfast('ctl', ...words, '--json').then(
      () => assert.fail(`not a bad answer: ${words.join(' ')}`),
      (error: { code: number; stdout: string }) => error,
    )
    assert.equal(ended.code, 1)
    return JSON.parse(ended.stdout)
  }

  /** @returns what a command that is refused says */
  async refusal(...words: string[]): Promise<string> {
    const refused = this.holdfast('ctl', ...words).then(
      () => undefined,
      (error: { stderr: string }) => error.stderr,
    )
    return (await refused) ?? assert.fail(`not refused: ${words.join(' ')}`)
  }

  /** A command that asks for a secret. */
  // biome-ignore lint/suspicious/noExplicitAny: the answer's shape is what tests look at
  async ctlAsked(secret: string, ...words: string[]): Promise<any> {
    const running = run(...call(this.#program, ['ctl', ...words, '--json']), { env: this.#environment() })
    running.child.stdin!.end(`${secret}\n`)
    return JSON.parse((await running).stdout)
  }

  /** The first pool, as status shows it. */
  async pool() {
    return (await this.ctl('status')).pools[0]
  }

  /** Until the first pool is up and has everything. */
  async forwarded(timeoutMs = 60_000): Promise<void> {
    await until(
      'all is forwarded',
      async () => {
        const { state, lag } = await this.pool()
        return state === 'up' && lag.events === 0
      },
      timeoutMs,
    )
  }

  async remove(): Promise<void> {
    await this.kill9()
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** Polls until `ready` gives something truthy; rejects with `what` after `timeoutMs`. */
export async function until<T>(what: string, ready: () => T | Promise<T>, timeoutMs = 30_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs
  let last: unknown
  while (Date.now() < deadline) {
    try {
      const value = await ready()
      if (value) return value
      last = value
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${what}: not within ${timeoutMs} ms (last: ${String(last)})`)
}
