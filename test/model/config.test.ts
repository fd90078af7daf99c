// Random changes of the configuration while messages come, with kills in between: each acknowledged message has its row
// once, in order, where the hooks that ran when it came say; and what runs after a kill is a configuration that was wanted.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runningGateway } from '../../src/cli/control.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { freePort } from '../helpers/ports.ts'
import { Random } from '../helpers/random.ts'
import { audit, type Config, makeTables, randomConfig, TOPICS, textOf, WHOLE } from './config/world.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1e9)
const seconds = Number(process.env.SECONDS ?? 15)
const FILE = 'plugins/emqx_backend_sqlite.conf'
const CALLER = { who: 'model', from: 'test' }

class Play {
  readonly gateway = new GatewayProcess()
  readonly published = new Map<number, Set<Config['routes'][string] | undefined>>()
  /** Published, and the gateway was killed before it answered. */
  readonly unanswered = new Set<number>()
  readonly counts = new Map<string, number>()
  readonly #random: Random
  /** One of these runs. */
  #may: readonly Config[] = [WHOLE]
  /** What runs again when nobody confirms. */
  #back: Config | undefined
  #number = 0
  #client!: Client

  constructor(random: Random) {
    this.#random = random
  }

  async begin(): Promise<void> {
    this.gateway.port = await freePort()
    this.gateway.configure({ plugins: { sqlite: textOf(WHOLE) } })
    await this.#start()
  }

  async #start(): Promise<void> {
    await this.gateway.start()
    this.#client = await Client.connect(this.gateway.url, 'publisher')
    if (this.#back) this.#may = [this.#back] // nobody has confirmed
    this.#back = undefined
    const content = readFileSync(join(this.gateway.etc, FILE), 'utf8')
    const runs = this.#may.find((config) => textOf(config) === content)
    assert.ok(runs, `what runs after the start was not wanted:\n${content}`)
    this.#may = [runs]
  }

  #run(name: string, input: Record<string, unknown> = {}): Promise<unknown> {
    return runningGateway(this.gateway.data).run(name, input, CALLER)
  }

  async step(): Promise<void> {
    const name = this.#random.pick([
      'publish',
      'publish',
      'commit',
      'commit',
      'commit',
      'hold',
      'release',
      'end',
    ] as const)
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    if (this.#back && this.#random.next() < 0.5) await this.#decide()
    await this[name]()
  }

  async publish(): Promise<void> {
    for (let left = this.#random.between(1, 20); left > 0; left--) {
      const topic = this.#random.pick(TOPICS)
      const number = this.#number++
      const before = this.#may
      this.unanswered.add(number)
      await this.#client.publish(topic, String(number))
      this.unanswered.delete(number)
      this.published.set(number, new Set([...before, ...this.#may].map(({ routes }) => routes[topic])))
    }
  }

  async commit(): Promise<void> {
    if (this.#back) await this.#decide()
    const [now] = this.#may
    const next = randomConfig(this.#random)
    if (textOf(next) === textOf(now!)) return
    const confirm = this.#random.next() < 0.4
    await this.#run('config discard') // one that a kill has left
    await this.#run('config file put', { file: FILE, content: textOf(next) })
    this.#may = [now!, next]
    if (confirm) this.#back = now
    const pending = this.#random.pick(['keep', 'drain'])
    const committing = this.#run('config commit', { pending, ...(confirm && { confirm: '1h' }) })
    if (this.#random.next() < 0.2) {
      committing.catch(() => {}) // it is killed in the midst of it
      await sleep(this.#random.between(0, 40))
      return this.#restart('kill9')
    }
    await Promise.all([committing, this.#random.next() < 0.5 && this.publish()])
    this.#may = [next]
  }

  async #decide(): Promise<void> {
    const back = this.#back!
    this.#back = undefined
    if (this.#random.next() < 0.5) await this.#run('config confirm')
    else {
      const now = this.#may[0]!
      this.#may = [now, back]
      await Promise.all([this.#run('config rollback'), this.#random.next() < 0.5 && this.publish()])
      this.#may = [back]
    }
  }

  hold(): Promise<unknown> {
    return this.#lane('lane pause')
  }

  release(): Promise<unknown> {
    return this.#lane('lane resume')
  }

  async #lane(command: string): Promise<unknown> {
    const { pools } = this.#may[0]!
    return pools.length > 0 && this.#run(command, { pool: `sqlite.${this.#random.pick(pools)}` })
  }

  async end(): Promise<void> {
    const publishing = this.#random.next() < 0.5 ? this.publish().catch(() => {}) : undefined
    await sleep(this.#random.between(0, 20))
    await this.#restart(this.#random.pick(['kill9', 'kill9', 'stop']))
    await publishing
  }

  async #restart(how: 'kill9' | 'stop'): Promise<void> {
    this.#client.mqtt.on('error', () => {})
    await this.gateway[how]()
    await this.#client.mqtt.endAsync(true)
    await this.#start()
  }

  /** Everything is let go, and gets where it belongs. */
  async settle(): Promise<string[]> {
    if (this.#back) await this.#decide()
    await this.#run('config discard')
    await this.#run('config file put', { file: FILE, content: textOf(WHOLE) })
    if (textOf(this.#may[0]!) === textOf(WHOLE)) await this.#run('config discard')
    else await this.#run('config commit')
    for (const pool of WHOLE.pools) await this.#run('lane resume', { pool: `sqlite.${pool}` })
    await until('everything is forwarded', async () => {
      const lanes = (await this.#run('lanes')) as { mode: string; lag: { events: number } }[]
      return lanes.every(({ mode, lag }) => mode === 'live' && lag.events === 0)
    })
    await this.#client.end()
    await this.gateway.stop()
    return audit(this.gateway.data, this.published, this.unanswered)
  }
}

test(`random changes of the configuration, SEED=${seed}`, { timeout: 1e9 }, async (t) => {
  const play = new Play(new Random(seed))
  t.after(() => play.gateway.remove())
  await play.begin()
  makeTables(play.gateway.data)
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) await play.step()
  const faults = await play.settle()
  t.diagnostic(`${JSON.stringify(Object.fromEntries(play.counts))}, ${play.published.size} messages`)
  assert.deepEqual(faults, [])
})
