// Random actions of an operator while messages come, with kills within them: backups, restores, factory resets, restarts, changes of
// the configuration, of users and of files beside it. What runs after a kill is wholly what was before or what was wanted, each
// acknowledged message is where it should be, once and in order, and nothing half made lies about.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runningGateway } from '../../src/cli/control.ts'
import { shippedEtc } from '../../src/gateway/folders.ts'
import { type Database, openForWrite } from '../../src/sqlite/open.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { freePort } from '../helpers/ports.ts'
import { Random } from '../helpers/random.ts'
import {
  configOf,
  disorderIn,
  eventsIn,
  litterIn,
  makeTable,
  NOTE,
  POOLS,
  rowsIn,
  type State,
  stateIn,
} from './operator/world.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1e9)
const seconds = Number(process.env.SECONDS ?? 15)
const CALLER = { who: 'model', from: 'ctl' }
const FIRST: State = { config: 0, note: 0, users: [] }

interface Backup {
  readonly file: string
  readonly state: State
  readonly queue: boolean
  /** What had to be in its journal or its databases. */
  readonly present: ReadonlySet<string>
  /** Published until it was made: may be in it. */
  readonly sent: Set<string>
}

class Play {
  readonly gateway = new GatewayProcess()
  readonly acknowledged = new Set<string>()
  readonly sent = new Set<string>()
  readonly counts = new Map<string, number>()
  readonly faults: string[] = []
  readonly #random: Random
  readonly #clients: Client[] = []
  readonly #more: string
  /** One of these is on the disk. */
  #may: readonly State[] = [FIRST]
  /** What runs again when nobody confirms. */
  #back: State | undefined
  /** Has to be in the databases, once everything is sent. */
  #present = new Set<string>()
  /** In a queue or a database that a restore replaced, or a reset removed. */
  readonly #elsewhere = new Set<string>()
  #backups: Backup[] = []
  /** Were in queues that were restored although what waits in them may have been sent, before or behind what came later. */
  readonly #again = new Set<string>()
  /** Takes the queue's place at the next start; surely: that was answered. */
  #ready: { readonly backup: Backup; readonly surely: boolean } | undefined
  #journal = ''
  #number = 1
  #down: Database | undefined

  constructor(random: Random) {
    this.#random = random
    this.#more = random.next() < 0.5 ? 'queue.retain = 0s\n' : ''
  }

  get #folders() {
    const { etc, data, port, root } = this.gateway
    return { etc, data, port, out: join(root, 'out.db') }
  }

  async begin(): Promise<void> {
    this.gateway.port = await freePort()
    this.gateway.env = { NOTIFY_SOCKET: '/nowhere' } // who asks for a restart is the one who starts it
    this.#layOut()
    makeTable(this.#folders.out)
    await this.#start()
  }

  #layOut(): void {
    const { etc, data } = this.gateway
    mkdirSync(data, { recursive: true, mode: 0o700 })
    makeTable(join(data, 'in.db'))
    const files = {
      ...configOf(this.#folders, FIRST, this.#more),
      [NOTE]: '0',
      loaded_plugins: 'emqx_backend_sqlite\n',
    }
    for (const [name, content] of Object.entries(files)) this.#put(join(etc, name), content)
    chmodSync(join(data, 'in.db'), 0o600)
  }

  #put(path: string, content: string): void {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    chmodSync(path, 0o600)
  }

  async #start(): Promise<void> {
    while (this.#random.next() < 0.2) {
      const starting = this.gateway.start().catch(() => {})
      await sleep(this.#random.between(50, 500))
      await this.gateway.kill9()
      await starting
    }
    await this.gateway.start()
    if (this.#back) this.#may = [this.#back] // nobody has confirmed
    this.#back = undefined
    this.#assertState()
    const users = (await this.#run('users')) as { name: string }[]
    assert.deepEqual(users.map(({ name }) => name).sort(), this.#state.users)
    this.faults.push(...litterIn(this.#folders))
    await this.#look()
    this.#clients.length = 0
    for (const id of ['p0', 'p1']) this.#clients.push(await Client.connect(this.gateway.url, id))
  }

  #assertState(): void {
    const found = stateIn(this.#folders)
    const state = this.#may.find((may) => JSON.stringify(may) === JSON.stringify(found))
    assert.ok(state, `found ${JSON.stringify(found)}, wanted one of ${JSON.stringify(this.#may)}`)
    this.#may = [state]
  }

  /** Which queue is there? */
  async #look(): Promise<void> {
    const { journal } = (await this.#run('storage')) as { journal: string }
    const isOther = journal !== this.#journal
    const ready = this.#ready
    this.#ready = undefined
    if (!this.#journal) assert.ok(!ready)
    else if (!ready || !isOther) assert.equal(isOther, ready?.surely ?? false, 'the queue is another one, or should be')
    else {
      this.#harvest(join(this.gateway.data, 'replaced'))
      this.#present = new Set(ready.backup.present)
      this.#count('queue restored')
    }
    this.#journal = journal
  }

  #harvest(folder: string): void {
    const rows = rowsIn(join(folder, 'in.db'))
    this.faults.push(...disorderIn('in, replaced', rows))
    for (const payload of [...rows, ...eventsIn(join(folder, 'journal.db'))]) this.#elsewhere.add(payload)
  }

  #run(name: string, input: Record<string, unknown> = {}): Promise<unknown> {
    return runningGateway(this.gateway.data).run(name, input as never, CALLER)
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  get #state(): State {
    return this.#may[0]!
  }

  async step(): Promise<void> {
    const name = this.#random.pick([
      ...(['commit', 'user', 'note', 'backup', 'backup', 'restore', 'restore', 'end', 'pool', 'pool'] as const),
      ...(this.#random.next() < 0.2 ? (['reset'] as const) : []),
    ])
    this.#count(name)
    if (this.#back) await this.#decide()
    await this[name]()
    if (this.#ready) await this.end()
  }

  /** An action while messages come; perhaps it is killed in the midst of it. @returns whether it was answered */
  async #act(act: () => Promise<unknown>, wanted: State, ms = 60): Promise<boolean> {
    const publishing = this.#random.next() < 0.7 ? this.publish() : undefined
    const before = this.#state
    this.#may = [before, wanted]
    const acting = act()
    if (this.#random.next() < 0.35) {
      acting.catch(() => {})
      await sleep(this.#random.between(0, ms))
      this.#count('killed')
      await this.#restart('kill9', publishing)
      return false
    }
    await Promise.all([acting, publishing])
    this.#may = [wanted]
    return true
  }

  async publish(): Promise<void> {
    const bursts = this.#clients.map(async (client, i) => {
      const many = Array.from({ length: this.#random.between(1, 40) }, () => {
        const payload = `p${i}:${this.#number++};`
        this.sent.add(payload)
        return client.publish(this.#random.pick(POOLS), payload, i === 0 ? 1 : 2).then(() => {
          this.acknowledged.add(payload)
          this.#present.add(payload)
        })
      })
      await Promise.all(many)
    })
    await Promise.allSettled(bursts)
  }

  async commit(): Promise<void> {
    const wanted = { ...this.#state, config: this.#number++ }
    await this.#run('config discard')
    for (const [file, content] of Object.entries(configOf(this.#folders, wanted, this.#more)))
      await this.#run('config file put', { file, content })
    const before = this.#state
    const confirm = this.#random.next() < 0.4
    if (confirm) this.#back = before
    await this.#act(() => this.#run('config commit', confirm ? { confirm: '1h' } : {}), wanted)
  }

  async #decide(): Promise<void> {
    const back = this.#back!
    this.#back = undefined
    if (this.#random.next() < 0.5) await this.#run('config confirm')
    else await this.#act(() => this.#run('config rollback'), back)
  }

  async user(): Promise<void> {
    const { users } = this.#state
    const isNew = users.length === 0 || this.#random.next() < 0.6
    const name = isNew ? `u${this.#number++}` : this.#random.pick(users)
    const wanted = isNew ? [...users, name].sort() : users.filter((user) => user !== name)
    const act = () => (isNew ? this.#run('user add', { name, password: 'secret' }) : this.#run('user remove', { name }))
    await this.#act(act, { ...this.#state, users: wanted }, isNew ? 200 : 30)
  }

  /** By hand. */
  async note(): Promise<void> {
    const note = this.#number++
    writeFileSync(join(this.gateway.etc, NOTE), String(note))
    this.#may = [{ ...this.#state, note }]
    await this.#act(() => this.#run('reload'), this.#state)
  }

  async backup(): Promise<void> {
    const queue = this.#random.next() < 0.6
    const file = `b${this.#number++}.tar.gz`
    const made = { file, state: this.#state, queue, present: new Set(this.#present), sent: new Set<string>() }
    await this.#act(() => this.#run('backup', { file, queue }), this.#state, queue ? 300 : 100)
    const kept = ((await this.#run('backups')) as { file: string }[]).map((backup) => backup.file)
    for (const payload of this.sent) made.sent.add(payload)
    if (kept.includes(file)) this.#backups.push(made)
    while (this.#backups.length > 4) await this.#run('backup remove', { file: this.#backups.shift()!.file })
  }

  async restore(): Promise<void> {
    const backup = this.#backups.length > 0 && this.#random.pick(this.#backups)
    if (!backup) return
    const { file, state } = backup
    const queue = backup.queue && this.#random.next() < 0.8
    if (queue) this.#ready = { backup, surely: false }
    const again = queue && this.#random.next() < 0.3
    const before = this.#state
    let isRefused = false
    const restoring = async () => {
      await this.#run('restore', { file, queue, again }).catch((error: { code?: string }) => {
        if (again || error.code !== 'SENT_TWICE') throw error
        isRefused = true
      })
    }
    if (again) for (const payload of backup.sent) this.#again.add(payload)
    const isDone = await this.#act(restoring, state, queue ? 500 : 200)
    if (isRefused) this.#count('restore refused')
    if (isDone) {
      this.#may = [isRefused ? before : state]
      this.#assertState()
      this.#ready = queue && !isRefused ? { backup, surely: true } : undefined
    }
  }

  async end(): Promise<void> {
    const publishing = this.#random.next() < 0.5 ? this.publish() : undefined
    await sleep(this.#random.between(0, 20))
    await this.#restart(this.#random.pick(['kill9', 'stop', 'restart']), publishing)
  }

  async #restart(how: 'kill9' | 'stop' | 'restart', publishing?: Promise<unknown>): Promise<void> {
    await this.#stop(how, publishing)
    await this.#start()
  }

  async #stop(how: 'kill9' | 'stop' | 'restart', publishing?: Promise<unknown>): Promise<void> {
    for (const { mqtt } of this.#clients) mqtt.on('error', () => {})
    if (how === 'restart') {
      await this.#run('restart')
      await this.gateway.ended()
    } else await this.gateway[how]()
    await Promise.all(this.#clients.map(({ mqtt }) => mqtt.endAsync(true)))
    await publishing
  }

  /** One of them writes nothing any more, or does so again. */
  async pool(): Promise<void> {
    const pool = this.#random.pick(POOLS)
    if (pool === 'in') await this.#run(this.#random.pick(['lane pause', 'lane resume']), { pool })
    else if (this.#down) this.#up()
    else {
      this.#down = openForWrite(this.#folders.out)
      this.#down.exec('begin immediate')
    }
    await this.publish()
  }

  #up(): void {
    this.#down?.close()
    this.#down = undefined
  }

  async reset(): Promise<void> {
    const keepQueue = this.#random.next() < 0.5
    const { etc, data } = this.gateway
    const publishing = this.publish()
    const resetting = this.#run('factory-reset', { keepQueue })
    await resetting
    await this.#stop(this.#random.pick(['kill9', 'restart']), publishing)
    if (!keepQueue) this.#harvest(data)
    while ((await this.#doReset()) !== 0) this.#count('killed')
    for (const [name, content] of shippedEtc()) assert.deepEqual(readFileSync(join(etc, name)), content)
    for (const name of ['passwd', 'tokens', NOTE]) assert.ok(!existsSync(join(etc, name)), name)
    const gone = ['config', 'backups', 'trend', 'replaced', ...(keepQueue ? [] : ['journal.db', 'in.db'])]
    for (const name of gone) assert.ok(!existsSync(join(data, name)), name)
    if (!keepQueue) {
      this.#journal = ''
      this.#present = new Set()
    }
    this.#backups = []
    this.#may = [FIRST]
    rmSync(etc, { recursive: true })
    this.#layOut()
    await this.#start()
  }

  /** As the next start does it, which would then listen where everybody does. @returns 0: it was not killed */
  async #doReset(): Promise<number | null> {
    const { etc, data } = this.gateway
    const module = new URL('../../src/gateway/factory-reset.ts', import.meta.url).href
    const code = `import { doReset } from ${JSON.stringify(module)}; doReset(${JSON.stringify(etc)}, ${JSON.stringify(data)})`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' })
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    if (this.#random.next() < 0.6) setTimeout(() => child.kill('SIGKILL'), this.#random.between(30, 200))
    return ended
  }

  /** Everything is let go, and gets where it belongs. */
  async settle(): Promise<string[]> {
    if (this.#back) await this.#decide()
    this.#up()
    await this.#run('lane resume', { pool: 'in' })
    await until(
      'everything is forwarded',
      async () => {
        const lanes = (await this.#run('lanes')) as { mode: string; lag: { events: number } }[]
        return lanes.every(({ mode, lag }) => mode === 'live' && lag.events === 0)
      },
      120_000,
    )
    await this.#stop('stop')
    return [...this.faults, ...this.#audit()]
  }

  #audit(): string[] {
    const inside = rowsIn(join(this.gateway.data, 'in.db'))
    const outside = rowsIn(this.#folders.out)
    const here = new Set([...inside, ...outside])
    const lost = [...this.#present].filter((payload) => !here.has(payload))
    const nowhere = [...this.acknowledged].filter((payload) => !here.has(payload) && !this.#elsewhere.has(payload))
    return [
      ...disorderIn('in', inside),
      ...disorderIn(
        'out',
        outside.filter((payload) => !this.#again.has(payload)),
      ),
      ...lost.map((payload) => `${payload} is lost`),
      ...nowhere.map((payload) => `${payload} is nowhere`),
      ...[...here].filter((payload) => !this.sent.has(payload)).map((payload) => `${payload} was never sent`),
    ]
  }
}

test(`random actions of an operator, SEED=${seed}`, { timeout: 1e9 }, async (t) => {
  const play = new Play(new Random(seed))
  t.after(() => play.gateway.remove())
  await play.begin()
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) await play.step()
  const faults = await play.settle()
  t.diagnostic(`${JSON.stringify(Object.fromEntries(play.counts))}, ${play.acknowledged.size} messages`)
  assert.deepEqual(faults, [])
})
