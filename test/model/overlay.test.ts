// The overlay against a plain model: random histories of publish, ack (in order and not), retain, delete, outage, other
// gateways' rows, forwarding and restarts. The model knows everything that ever happened and says of each message whether
// a fetch must tell it, must not, or may: what lies before a row that the client acknowledged is behind its position,
// whether it was told or not. HOLDFAST_SEED=… repeats a run.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Skip } from '../../src/fetch/messages.ts'
import type { Binding } from '../../src/model/binding.ts'
import type { HookEvent, Message, Qos, Seq } from '../../src/model/event.ts'
import { topicMatches } from '../../src/model/topic.ts'
import { Random } from '../helpers/random.ts'
import { Pools, type Remote } from './overlay-remote.ts'
import { binding, POOL, Rig } from './overlay-rig.ts'

const SEED = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000)
const HISTORIES = 300
const STEPS = 40

const BINDINGS: readonly Binding[] = [
  binding('on_message_fetch', { topic: '+/m/#' }),
  binding('on_message_fetch_for_queue', { topic: '+/q/#' }),
  binding('on_retain_lookup', { topic: '+/r/#' }),
  binding('on_message_publish', { topic: '+/m/#' }),
  binding('on_message_store', { topic: '+/q/#' }),
  binding('on_message_retain', { topic: '+/r/#' }),
  binding('on_retain_delete', { topic: '+/r/#' }),
  binding('on_message_acked', { topic: '+/m/#' }),
  binding('on_message_acked_for_queue', { topic: '+/q/#' }),
]

let rig: Rig
let pools: Pools
let remote: Remote
before(async () => {
  pools = new Pools()
  remote = pools.add(POOL)
  rig = await new Rig(pools, { messages: 64, events: 200, topicLength: 100_000 }).open(BINDINGS)
})
after(() => rig.close())

interface Known {
  readonly msgid: string
  readonly topic: string
  /** Undefined: somebody else's. */
  readonly seq: Seq | undefined
}

/** What a client did with a topic's messages, over all its sessions. */
interface Account {
  /** Acknowledged; those behind a gap may be told again. */
  readonly acked: Set<string>
  /** Acknowledged without a gap before them. */
  readonly passed: Set<string>
  /** Own ones of those, acknowledged before a gap was closed that a foreign row stood behind: the position names that. */
  readonly jumped: Set<string>
  /** Somebody else's rows that an outage kept from the client: still owed, whatever it acknowledges meanwhile. */
  readonly owed: Set<string>
}

/** Sent and not yet passed, in the order of sending. */
type Outstanding = { readonly msgid: string; acked: boolean }[]

class History {
  readonly #random: Random
  readonly #name: string
  readonly #messages: Known[] = []
  readonly #consumed = new Set<string>()
  /** Rows that somebody else removed from the remote. */
  readonly #removed = new Set<string>()
  readonly #accounts = new Map<string, Account>()
  readonly #sessions = new Map<string, Session>()
  /** The last retained publish of a topic. */
  readonly #words = new Map<string, HookEvent>()
  /** What happened, for who has to understand a failure. */
  readonly trace: string[] = []
  #foreign = 0

  constructor(random: Random, name: string) {
    this.#random = random
    this.#name = name
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) await this.#step()
    pools.setUp(POOL, true)
    for (const client of ['c1', 'c2']) await this.#subscribe(client, this.#topic('m'))
    for (const session of this.#sessions.values()) session.gone.abort()
    pools.forward(POOL, { journal: rig.journal, bindings: BINDINGS })
  }

  #topic(kind: 'm' | 'q' | 'r'): string {
    return `${this.#name}/${kind}/${this.#random.below(2)}`
  }

  async #step(): Promise<void> {
    const random = this.#random
    switch (random.below(14)) {
      case 0:
      case 1:
      case 2:
        return this.#publish(this.#topic(random.chance(70) ? 'm' : 'q'))
      case 3:
      case 4:
        return this.#others(this.#topic(random.chance(70) ? 'm' : 'q'))
      case 5:
      case 6:
        return this.#subscribe(this.#client(), random.chance(75) ? this.#topic('m') : `${this.#name}/m/#`)
      case 7:
      case 8:
        return this.#acknowledge(this.#client())
      case 9:
        return this.#queue(this.#client())
      case 10:
        return this.#retain()
      case 11:
        return this.#outage()
      case 12:
        return this.#forward()
      case 13:
        if (random.chance(3)) return this.#restart()
        return this.#leave(this.#client())
    }
  }

  #client(): string {
    return this.#random.pick(['c1', 'c2'])
  }

  // ── what happens ──

  async #publish(topic: string): Promise<void> {
    const { id, seq } = await rig.publish(topic, 'x', { qos: this.#random.pick<Qos>([1, 2]) })
    const message = { msgid: id.toString(), topic, seq }
    this.trace.push(`publish ${message.msgid} ${topic} seq ${seq}`)
    this.#messages.push(message)
    for (const session of this.#sessions.values()) session.live(message)
  }

  /** Another gateway writes a row, or takes one from a queue. */
  async #others(topic: string): Promise<void> {
    const msgid = `${this.#name}-foreign-${++this.#foreign}`
    const at = ++rig.now
    remote.insert({ msgid, topic, payload: Buffer.from('f'), qos: 1, retain: false, from: 'other', at })
    this.#messages.push({ msgid, topic, seq: undefined })
    this.trace.push(`others' row ${msgid} ${topic}`)
    if (!this.#random.chance(30)) return
    const queue = remote.rows.flatMap((row) => (row && topicMatches(`${this.#name}/q/#`, row.topic) ? [row.msgid] : []))
    if (queue.length === 0) return
    const taken = this.#random.pick(queue)
    remote.write({ do: 'message.delete', msgid: taken, topic, clientid: 'other' })
    this.#removed.add(taken)
    this.trace.push(`others remove ${taken}`)
  }

  async #leave(client: string): Promise<void> {
    this.#sessions.get(client)?.gone.abort()
    this.trace.push(`${client} leaves`)
    this.#sessions.delete(client)
  }

  async #outage(): Promise<void> {
    this.trace.push('outage or its end')
    if (this.#random.chance(40)) pools.setUp(POOL, false)
    else if (this.#random.chance(30)) pools.slow = true
    else {
      pools.slow = false
      if (this.#random.chance(50)) this.#forwardSome() // the lane may be quicker than what completes the fetches
      pools.setUp(POOL, true)
      await completions()
      for (const session of this.#sessions.values()) this.#checkCompleted(session)
    }
  }

  async #forward(): Promise<void> {
    if (pools.state(POOL) === 'up') this.#forwardSome()
  }

  #forwardSome(): void {
    const count = this.#random.chance(50) ? this.#random.below(8) : 1_000
    pools.forward(POOL, { journal: rig.journal, bindings: BINDINGS, count, quietly: this.#random.chance(30) })
    this.trace.push(`forward ${count}: carried ${pools.carried(POOL)}, known ${pools.cursor(POOL)}`)
  }

  async #restart(): Promise<void> {
    for (const client of this.#sessions.keys()) await this.#leave(client)
    await rig.restart(BINDINGS)
    this.trace.push('restart')
  }

  async #acknowledge(client: string): Promise<void> {
    const session = this.#sessions.get(client)
    if (!session) return
    for (let left = this.#random.below(4); left > 0; left--) {
      if (session.outstanding.size === 0) return
      const [topic, outstanding] = this.#random.pick([...session.outstanding])
      const open = outstanding.filter(({ acked }) => !acked)
      if (open.length === 0) continue
      const next = this.#random.chance(80) ? open[0]! : this.#random.pick(open)
      next.acked = true
      const account = this.#account(client, topic)
      account.acked.add(next.msgid)
      account.owed.delete(next.msgid)
      const passed: string[] = []
      while (outstanding[0]?.acked) passed.push(outstanding.shift()!.msgid)
      await rig.acked(client, topic, next.msgid, passed.at(-1) ?? null)
      this.trace.push(`${client} acks ${next.msgid} ${topic}, passing ${passed}`)
      this.#pass(client, topic, passed, next.msgid)
    }
  }

  #pass(client: string, topic: string, passed: readonly string[], closing: string): void {
    const account = this.#account(client, topic)
    for (const msgid of passed) {
      account.passed.add(msgid)
      const isNamed = !isOwn(msgid) || isOwn(passed.at(-1)!) || (isOwn(closing) && msgid <= closing)
      if (!isNamed) account.jumped.add(msgid)
    }
  }

  // ── what is told ──

  async #subscribe(client: string, filter: string): Promise<void> {
    const session = await this.#session(client, filter)
    const answered = pools.state(POOL) === 'up' && !pools.slow
    const before = this.#expect(client, filter, answered)
    session.recalling = []
    if (this.#random.chance(30)) pools.onTheWay = (way) => this.#meanwhile(client, way)
    const told = await rig.told(client, filter, {
      skip: (msgid) => session.had(msgid),
      later: {
        signal: session.gone.signal,
        gone: session.gone.signal,
        deliver: (messages) => this.#late(session, messages),
      },
    })
    pools.onTheWay = undefined
    this.trace.push(`${client} subscribes to ${filter} (answered: ${answered}): ${told.map(({ msgid }) => msgid)}`)
    const expected = this.#expect(client, filter, answered)
    for (const [msgid, verdict] of expected) {
      if (!before.has(msgid))
        expected.delete(msgid) // it came meanwhile, live
      else if (verdict === 'must' && before.get(msgid) === 'may') expected.set(msgid, 'may')
    }
    for (const msgid of expected.keys()) if (session.had(msgid)) expected.delete(msgid)
    this.#check(told, expected, `${client} subscribes to ${filter}`)
    const repeated = ({ msgid, topic }: Message): boolean =>
      this.#account(client, topic).jumped.has(msgid) && session.has(msgid)
    session.recalled(told.filter((message) => !repeated(message)))
    this.#owe(client, filter, answered ? told : null)
  }

  /** A new one, or the one that subscribes again. */
  async #session(client: string, filter: string): Promise<Session> {
    const old = this.#sessions.get(client)
    if (old?.filter === filter && this.#random.chance(60)) return old
    await this.#leave(client)
    const session = new Session(client, filter)
    this.#sessions.set(client, session)
    return session
  }

  async #meanwhile(client: string, way: string): Promise<void> {
    this.trace.push(`on the way ${way}:`)
    if (this.#random.chance(50)) await this.#publish(this.#topic('m'))
    if (this.#random.chance(50)) await this.#acknowledge(client)
    if (this.#random.chance(50)) this.#forwardSome()
  }

  /** For each message of the filter's topics: must it be told, must it not, or may it? */
  #expect(client: string, filter: string, answered: boolean): Map<string, 'must' | 'may'> {
    const expected = new Map<string, 'must' | 'may'>()
    for (const message of this.#messages) {
      if (!topicMatches(filter, message.topic)) continue
      const verdict = this.#verdict(client, message, answered)
      if (verdict) expected.set(message.msgid, verdict)
    }
    return expected
  }

  #verdict(client: string, { msgid, topic, seq }: Known, answered: boolean): 'must' | 'may' | undefined {
    const account = this.#account(client, topic)
    if (seq === undefined && !answered) return undefined
    if (account.passed.has(msgid)) return account.jumped.has(msgid) ? 'may' : undefined
    if (account.acked.has(msgid)) return 'may'
    if (account.owed.has(msgid)) return 'must'
    return this.#isBehind(account, topic, msgid, seq) ? 'may' : 'must'
  }

  /** Does the message lie before one that the client acknowledged, in the journal's order or in the remote's? */
  #isBehind({ passed }: Account, topic: string, msgid: string, seq: Seq | undefined): boolean {
    const row = remote.indexOf(msgid)
    return this.#messages.some(
      (other) =>
        other.topic === topic &&
        passed.has(other.msgid) &&
        ((seq !== undefined && other.seq !== undefined && seq < other.seq) ||
          (row >= 0 && row < remote.indexOf(other.msgid))),
    )
  }

  #check(told: readonly Message[], expected: ReadonlyMap<string, 'must' | 'may'>, what: string): void {
    const ids = told.map(({ msgid }) => msgid)
    assert.equal(new Set(ids).size, ids.length, `${what}: told twice`)
    for (const msgid of ids) assert.ok(expected.has(msgid), `${what}: ${msgid} was told, though it is acknowledged`)
    for (const [msgid, verdict] of expected) {
      if (verdict === 'must') assert.ok(ids.includes(msgid), `${what}: ${msgid} was not told`)
    }
    this.#checkOrder(told, what)
  }

  /** Own messages in the journal's order, rows of others in the remote's. (What was removed there comes from here, behind.) */
  #checkOrder(told: readonly Message[], what: string): void {
    for (const own of [true, false]) {
      const places = told
        .filter(({ msgid }) => !this.#removed.has(msgid))
        .map(({ msgid }) => this.#messages.findIndex((message) => message.msgid === msgid))
        .filter((place) => (this.#messages[place]!.seq !== undefined) === own)
      assert.deepEqual(
        places,
        [...places].sort((a, b) => a - b),
        `${what}: out of order`,
      )
    }
  }

  // ── what a client is owed whatever else it acknowledges ──

  /** Rows of others that it was told, or (null) would have been if the pool had answered. */
  #owe(client: string, filter: string, told: readonly Message[] | null): void {
    for (const message of this.#messages) {
      const { msgid, topic, seq } = message
      if (seq !== undefined || !topicMatches(filter, topic)) continue
      const account = this.#account(client, topic)
      // what was acknowledged before moves the position when it is forwarded, and past this row if it comes behind it
      const row = remote.indexOf(msgid)
      const places = [...account.passed].map((passed) => remote.indexOf(passed))
      const doomed = places.some((place) => place < 0 || place > row)
      const isTold = told ? told.some((one) => one.msgid === msgid) : this.#verdict(client, message, true) === 'must'
      if (isTold && !doomed && !account.passed.has(msgid)) account.owed.add(msgid)
    }
  }

  /** The pool is back: what the outage kept from this session has come. */
  #checkCompleted(session: Session): void {
    for (const { msgid, topic, seq } of this.#messages) {
      if (!topicMatches(session.filter, topic) || !this.#account(session.client, topic).owed.has(msgid)) continue
      assert.ok(
        session.has(msgid),
        `${session.client} was not told ${msgid} (${topic}, ${seq}) when the pool came back`,
      )
    }
  }

  #late(session: Session, messages: readonly Message[]): void {
    this.trace.push(`${session.client} is told late: ${messages.map(({ msgid }) => msgid)}`)
    session.sent(messages)
  }

  // ── queues and retained messages ──

  async #queue(client: string): Promise<void> {
    const topic = this.#topic('q')
    const answered = pools.state(POOL) === 'up' && !pools.slow
    const shown = pools.cursor(POOL)
    const expected = new Map<string, 'must' | 'may'>()
    for (const { msgid, topic: of, seq } of this.#messages) {
      if (of !== topic || this.#consumed.has(msgid)) continue
      // nobody here can know that it was removed there, while the pool is away or believed to be behind it
      if (this.#removed.has(msgid)) {
        if (seq !== undefined && (!answered || seq > shown)) expected.set(msgid, 'may')
      } else if (answered || seq !== undefined) expected.set(msgid, 'must')
    }
    const told = await rig.told(client, topic)
    this.#check(told, expected, `queue ${topic}`)
    if (told.length === 0) return
    const { msgid } = this.#random.pick(told)
    await rig.acked(client, topic, msgid)
    this.#consumed.add(msgid)
  }

  async #retain(): Promise<void> {
    const topic = this.#topic('r')
    const random = this.#random
    if (random.chance(60)) {
      const payload = random.chance(70) ? `${rig.now}` : ''
      this.#words.set(topic, await rig.publish(topic, payload, { retain: true, qos: random.pick<Qos>([0, 1]) }))
    } else {
      const at = ++rig.now
      const msgid = `${this.#name}-foreign-${++this.#foreign}`
      remote.retained.set(topic, { msgid, topic, payload: Buffer.from(`f${at}`), qos: 1, retain: true, from: 'o', at })
    }
    const answered = pools.state(POOL) === 'up' && !pools.slow
    const told = (await rig.hooks.retained(topic)).map(({ payload }) => payload.toString())
    const word = this.#words.get(topic)
    const row = answered ? remote.retained.get(topic) : undefined
    const mine = word?.payload?.length ? [word.payload.toString()] : []
    // what is on its way to the pool is the last word there; else the newer one counts
    const pending = [pools.carried(POOL), pools.cursor(POOL)].map((cursor) => (word?.seq ?? 0) > cursor)
    const truths = pending.map((isPending) =>
      row && !isPending && row.at > (word?.at ?? 0) ? [row.payload.toString()] : mine,
    )
    assert.ok(
      truths.some((truth) => JSON.stringify(truth) === JSON.stringify(told)),
      `retained ${topic}: told ${told}, not ${truths.join(' or ')}`,
    )
  }

  #account(client: string, topic: string): Account {
    const key = `${client} ${topic}`
    const account = this.#accounts.get(key) ?? {
      acked: new Set(),
      passed: new Set(),
      jumped: new Set(),
      owed: new Set(),
    }
    this.#accounts.set(key, account)
    return account
  }
}

/** One connection of a client with one subscription, as the broker would keep it. */
class Session {
  readonly client: string
  readonly filter: string
  readonly gone = new AbortController()
  readonly outstanding = new Map<string, Outstanding>()
  readonly #ever = new Set<string>()
  /** Live messages wait while a fetch is under way. */
  recalling: Known[] | undefined

  constructor(client: string, filter: string) {
    this.client = client
    this.filter = filter
  }

  has(msgid: string): boolean {
    return this.#ever.has(msgid)
  }

  had(msgid: string): ReturnType<Skip> {
    const message = [...this.outstanding.values()].flat().find((one) => one.msgid === msgid)
    return message ? (message.acked ? 'acknowledged' : 'sent') : null
  }

  live(message: Known): void {
    if (!topicMatches(this.filter, message.topic)) return
    if (this.recalling) this.recalling.push(message)
    else this.sent([message])
  }

  /** The fetch has ended: what it told, then what came meanwhile. */
  recalled(told: readonly Message[]): void {
    const live = this.recalling ?? []
    this.recalling = undefined
    this.sent(told)
    this.sent(live)
  }

  sent(messages: readonly { msgid: string; topic: string }[]): void {
    for (const { msgid, topic } of messages) {
      assert.ok(!this.#ever.has(msgid), `${msgid} was sent to ${this.client} twice in one session`)
      this.#ever.add(msgid)
      const outstanding = this.outstanding.get(topic) ?? []
      this.outstanding.set(topic, outstanding)
      outstanding.push({ msgid, acked: false })
    }
  }
}

const isOwn = (msgid: string): boolean => !msgid.includes('foreign')

/** The completions run: a read, a commit, the next read. */
async function completions(): Promise<void> {
  let reads: number
  do {
    reads = pools.reads.length
    for (let turn = 0; turn < 4; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      await new Promise<void>((resolve) => rig.journal.after(resolve))
    }
  } while (pools.reads.length > reads)
}

test(`${HISTORIES} random histories (HOLDFAST_SEED=${SEED})`, async () => {
  for (let history = 0; history < HISTORIES; history++) {
    const one = new History(new Random(SEED + history), `h${history}`)
    try {
      await one.run()
    } catch (error) {
      const what = `HOLDFAST_SEED=${SEED + history} begins with this history:\n${one.trace.join('\n')}`
      throw new Error(what, { cause: error })
    }
  }
})
