// A real DynamoDB Local of our own: any number of them, each with a folder and a port of its own, stopped by process id.
// Each access key sees tables of its own, so that one server holds as many databases as there are keys.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AttributeValue, DynamoDB } from '@aws-sdk/client-dynamodb'
import { freePort } from './ports.ts'
import { dieWithParent } from './processes.ts'

const CACHE = process.env.HOLDFAST_CACHE ?? resolve(import.meta.dirname, '../../.cache')
const VERSION = '2.6.1'
const JARS = join(CACHE, `dynamodb-local-${VERSION}`)
const MAIN = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner'
const READY_MS = 60_000
/** A process that is killed loses nothing there, and it is no disk: the server syncs every item. */
const QUICK = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
export const REGION = 'us-west-2'

/** Why tests with DynamoDB can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function dynamoMissing(): string | false {
  if ((existsSync(JARS) && hasJava()) || process.env.CI === 'true') return false
  return 'DynamoDB Local is not installed: scripts/services install dynamo'
}

function hasJava(): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'java')))
}

export interface DynamoOptions {
  /** Where the tables are kept; they stay. Absent: a folder that is removed at `stop`. */
  readonly folder?: string
  readonly port?: number
  /** Tables in memory: quicker, and gone with the process. */
  readonly inMemory?: boolean
  /** Goes on when this process ends. */
  readonly outlive?: boolean
}

export async function startDynamo(options: DynamoOptions = {}): Promise<DynamoServer> {
  const server = new DynamoServer(options.port ?? (await freePort()), options)
  await server.start()
  return server
}

export type Values = Record<string, AttributeValue>

export class DynamoServer {
  readonly port: number
  readonly folder: string
  readonly #options: DynamoOptions
  readonly #clients = new Map<string, DynamoDB>()
  #child: ChildProcess | undefined

  constructor(port: number, options: DynamoOptions = {}) {
    this.port = port
    this.#options = options
    this.folder = options.folder ?? mkdtempSync(join(QUICK, 'holdfast-dynamo-'))
    mkdirSync(this.folder, { recursive: true })
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  async start(): Promise<void> {
    const { inMemory = false, outlive = false } = this.#options
    const server = [
      'java',
      '-Xmx256m',
      '-XX:+UseSerialGC',
      `-Dsqlite4java.library.path=${JARS}`,
      ...['-cp', `${JARS}/*`, MAIN, '-port', `${this.port}`],
      ...(inMemory ? ['-inMemory'] : ['-dbPath', this.folder]),
    ]
    const [command, ...args] = outlive ? server : dieWithParent(server, 'KILL')
    const log = openSync(join(this.folder, 'log'), 'a')
    this.#child = spawn(command!, args, { cwd: this.folder, detached: outlive, stdio: ['ignore', log, log] })
    if (outlive) this.#child.unref()
    writeFileSync(join(this.folder, 'server.json'), JSON.stringify({ pid: this.pid, port: this.port }))
    await this.#ready()
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + READY_MS
    for (;;) {
      try {
        await this.db().listTables({})
        return
      } catch (error) {
        const ended = this.#child!.exitCode !== null || this.#child!.signalCode !== null
        if (!ended && Date.now() < deadline) await sleep(50)
        else throw new Error(`DynamoDB Local did not start:\n${this.log()}`, { cause: error })
      }
    }
  }

  log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8')
  }

  /** A client, for the tables of this access key. */
  db(accessKeyId = 'local'): DynamoDB {
    let client = this.#clients.get(accessKeyId)
    if (!client) {
      const credentials = { accessKeyId, secretAccessKey: 'local' }
      client = new DynamoDB({ endpoint: this.url, region: REGION, maxAttempts: 1, credentials })
      this.#clients.set(accessKeyId, client)
    }
    return client
  }

  /** Every item of a table. */
  async scan(TableName: string, accessKeyId?: string): Promise<Values[]> {
    const items: Values[] = []
    for (let start: Values | undefined; ; ) {
      const page = await this.db(accessKeyId).scan({
        TableName,
        ConsistentRead: true,
        ...(start && { ExclusiveStartKey: start }),
      })
      items.push(...(page.Items ?? []))
      start = page.LastEvaluatedKey
      if (!start) return items
    }
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.end()
    for (const client of this.#clients.values()) client.destroy()
    if (this.#options.folder === undefined) rmSync(this.folder, { recursive: true, force: true })
  }

  async end(): Promise<void> {
    await this.#signal('SIGTERM')
  }

  async kill9(): Promise<void> {
    await this.#signal('SIGKILL')
  }

  /** Hangs: connections stay open and nothing answers. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
    while (!hasStopped(this.pid!)) {} // on a busy machine its threads go on for a moment
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    this.resume()
    child.kill(signal)
    await ended
  }
}

function hasStopped(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.every((thread) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')))
}

/** The server that wrote `server.json` in the folder, while it runs. */
export function runningDynamo(folder: string): { pid: number; port: number } | undefined {
  const file = join(folder, 'server.json')
  if (!existsSync(file)) return undefined
  const { pid, port } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; port: number }
  const command = existsSync(`/proc/${pid}`)
    ? execFileSync('ps', ['-o', 'args=', '-p', `${pid}`], { encoding: 'utf8' })
    : ''
  return command.includes(MAIN) ? { pid, port } : undefined
}
