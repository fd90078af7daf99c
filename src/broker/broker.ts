// The broker: builds the parts, joins aedes to them, opens the listeners last. DESIGN.md tells how it stands on aedes.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../log/logger.ts'
import type { Qos, Seq } from '../model/event.ts'
import type { Counted } from '../model/histogram.ts'
import type { SessionStore } from '../store/stored-sessions.ts'
import { type AccessControl, Admission } from './admission.ts'
import { Announcements } from './announcements.ts'
import { ClientFaults } from './client-faults.ts'
import { type ClientInfo, clientInfo } from './client-info.ts'
import { Connection } from './connection.ts'
import { Deliveries } from './deliveries.ts'
import { Denials, type Denied } from './denials.ts'
import { type Engine, goBy, startEngine } from './engine.ts'
import { parsePlainPackets } from './fast-parse.ts'
import { type DropReason, Figures, type RefusalReason } from './figures.ts'
import { Gate } from './gate.ts'
import type { HooksForBroker, JournalForBroker } from './hooks-for-broker.ts'
import { DEFAULT_LIMITS, type Limits, type Writable } from './limits.ts'
import { type Arrival, type Listener, type ListenerOptions, type ListenerRules, openListener } from './listeners.ts'
import type { LimitName } from './over-limit.ts'
import { Pace } from './pace.ts'
import { createPersistence } from './persistence.ts'
import { Places } from './places.ts'
import { Presence } from './presence.ts'
import { Router } from './router.ts'
import { Sessions } from './sessions.ts'
import { Subscriptions } from './subscriptions.ts'
import { SystemMessages } from './system-messages.ts'
import { boundUnfinished, Unfinished } from './unfinished.ts'
import { guardParser } from './wire-guard.ts'

export type { Access, AccessControl, Applicant, Principal } from './admission.ts'
export type { ClientInfo } from './client-info.ts'
export { DROP_REASONS, type DropReason, type RefusalReason } from './figures.ts'
export type { HooksForBroker } from './hooks-for-broker.ts'
export type { Limits } from './limits.ts'
export type { Listener, ListenerOptions } from './listeners.ts'

export interface BrokerOptions {
  readonly node: string
  readonly listeners: readonly ListenerOptions[]
  readonly limits?: Partial<Limits>
  readonly hooks: HooksForBroker
  /** Who is let in, and may do what. Absent: everybody, everything. */
  readonly access?: AccessControl
  readonly journal: JournalForBroker
  /** Where sessions without `clean` outlive the gateway. */
  readonly store: SessionStore
  readonly log: Logger
  /** Wall time, ms. */
  readonly now?: () => number
}

export interface BrokerStats {
  readonly connected: number
  readonly sessions: number
  /** PUBLISHes by QoS. */
  readonly received: readonly [number, number, number]
  readonly delivered: number
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>
  /** Connections. */
  readonly refused: Readonly<Partial<Record<RefusalReason, number>>>
  /** What went over a limit. */
  readonly overLimit: Readonly<Partial<Record<LimitName, number>>>
  /** What clients were not allowed to do. */
  readonly denied: Readonly<Record<Denied, number>>
  /** Lookups and fetches that failed. */
  readonly recallsFailed: number
  /** Connections that ended, or were refused, by a fault of the client. */
  readonly clientFaults: number
  readonly puback: Counted
}

export interface Broker {
  readonly listeners: readonly Listener[]
  /** Those that are connected. */
  clients(): ClientInfo[]
  /** Those, and the sessions whose clients are away. */
  sessions(): ClientInfo[]
  /** What the client subscribed to, by filter; undefined: it has no session. */
  subscriptions(clientid: string): ReadonlyMap<string, { readonly qos: Qos }> | undefined
  /** Ends the connection of a client. @returns false when it has none */
  kick(clientid: string): boolean
  /** Forgets the session of a client that is away, for good. @returns false when there is none, or the client is connected */
  forget(clientid: string): Promise<boolean>
  /** Rules or certificates have changed: ends the connections of who would not be let in any more. @returns how many */
  review(): number
  /** Says something under $SYS to subscribers there are and, retained, to those to come. QoS 0, not journalled. Empty: no more. */
  say(topic: string, payload: string): void
  stats(): BrokerStats
  /**
   * Goes by other listeners and limits from now on. Listeners that stay the same stay open; a changed one is opened anew,
   * and ends the connections that came in by it, as one that is gone does: the sessions stay.
   * @throws HoldfastError of the first listener that can't be opened; the former ones are open again then
   */
  configure(to: Pick<BrokerOptions, 'listeners' | 'limits'>): Promise<void>
  /** Reads the certificates of all listeners again. What is wrong with them is said by `listeners[].certificates.fault`. */
  reloadCertificates(): void
  /** The oldest row that the journal must keep for a session; Infinity for none. */
  floor(): Seq
  /** What waits for sessions in rows up to `seq` is dropped, and counted: the journal needs the room, or it is too old. */
  giveUp(seq: Seq, reason: 'no_room' | 'expired'): void
  /** Lets nobody in, reads no more, waits for what is in the gate, ends the connections, waits for what that recorded. */
  close(): Promise<void>
}

const HOUSEKEEPING_MS = 500
/** What a client acknowledged with QoS 1 in so long before a power cut comes again: the price of not writing each of them. */
const SAVE_MS = 5000
/** A WebSocket message may hold several packets: so many bytes more than one of them, at most. */
const MESSAGE_ROOM = 64 * 1024

/** What is on disk is acknowledged so many turns of the loop later, at most. */
const TURNS_TO_ANSWER = 3

/** @throws HoldfastError of the first listener that can't be opened; nothing is left open then */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const broker = new RunningBroker(options)
  try {
    await broker.open()
  } catch (error) {
    await broker.close()
    throw error
  }
  return broker
}

class RunningBroker implements Broker {
  listeners: readonly Listener[] = []
  readonly #options: BrokerOptions
  readonly #now: () => number
  /** Shared with everybody who goes by them. */
  readonly #limits: Writable<Limits>
  readonly #figures = new Figures()
  readonly #faults: ClientFaults
  readonly #denials: Denials
  readonly #system = new SystemMessages()
  readonly #places: Places
  readonly #unfinished: Unfinished
  readonly #admission: Admission
  readonly #deliveries: Deliveries
  readonly #router: Router
  readonly #sessions: Sessions
  readonly #subscriptions: Subscriptions
  readonly #gate: Gate
  readonly #presence: Presence
  #engine: Engine | undefined
  #housekeeping: NodeJS.Timeout | undefined
  #saving: NodeJS.Timeout | undefined

  constructor(options: BrokerOptions) {
    const { hooks, journal, store, access, log, now = Date.now } = options
    const limits = { ...DEFAULT_LIMITS, ...options.limits }
    const figures = this.#figures
    const denials = new Denials(log)
    const deliveries = new Deliveries({ hooks, journal, figures, limits })
    const router = new Router(journal.lastSeq)
    const sessions = new Sessions({
      store,
      router,
      journal,
      maxWaiting: () => limits.maxOffline,
      make: (...words) => deliveries.session(...words),
      dropped: (count) => figures.countDropped('offline_full', count),
    })
    const admission = new Admission({ limits, access, figures, denials, sessions })
    this.#options = options
    this.#now = now
    this.#faults = new ClientFaults(log)
    this.#denials = denials
    this.#limits = limits
    this.#places = new Places(limits.maxConnections)
    this.#unfinished = new Unfinished(limits)
    this.#admission = admission
    this.#deliveries = deliveries
    this.#router = router
    this.#sessions = sessions
    this.#gate = new Gate({ hooks, router, figures, limits, denials, access, store })
    this.#subscriptions = new Subscriptions({
      hooks,
      sessions,
      router,
      figures,
      limits,
      log,
      denials,
      system: this.#system,
    })
    this.#presence = new Presence({
      hooks,
      sessions,
      subscriptions: this.#subscriptions,
      router,
      figures,
      faults: this.#faults,
      now,
      store,
      announcements: new Announcements({ node: options.node, now, tell: (...words) => this.#tell(...words) }),
    })
  }

  async open(): Promise<void> {
    this.#engine = await startEngine({
      node: this.#options.node,
      limits: this.#limits,
      persistence: createPersistence({
        sessions: this.#sessions,
        subscriptions: this.#subscriptions,
        deliveries: this.#deliveries,
      }),
      admission: this.#admission,
      gate: this.#gate,
      presence: this.#presence,
      subscriptions: this.#subscriptions,
    })
    void this.#sessions.restore()
    this.#housekeeping = setInterval(() => this.#keepHouse(), HOUSEKEEPING_MS).unref()
    this.#saving = setInterval(() => this.#sessions.save(), SAVE_MS).unref()
    await this.#listen(this.#options.listeners)
  }

  async configure({ listeners, limits }: Pick<BrokerOptions, 'listeners' | 'limits'>): Promise<void> {
    const former = { ...this.#limits }
    Object.assign(this.#limits, limits)
    try {
      await this.#relisten(listeners)
    } catch (error) {
      Object.assign(this.#limits, former)
      throw error
    }
    this.#places.most = this.#limits.maxConnections
    goBy(this.#engine!, this.#limits)
  }

  async #relisten(wanted: readonly ListenerOptions[]): Promise<void> {
    const open = this.listeners
    const kept = open.filter((one) => wanted.some((options) => this.#serves(one, options)))
    const gone = open.filter((one) => !kept.includes(one))
    for (const listener of gone) listener.close() // its address may be another one's now
    this.listeners = kept
    try {
      await this.#listen(wanted)
    } catch (error) {
      for (const listener of this.listeners) if (!kept.includes(listener)) listener.close()
      this.listeners = kept
      for (const { options, rules } of gone) await this.#open(options, rules)
      throw error
    }
    for (const listener of gone) listener.cut()
  }

  /** How many may come in by it may change while it is open. */
  #serves({ options, rules }: Listener, { maxConnections: _, ...wanted }: ListenerOptions): boolean {
    const { maxConnections: __, ...made } = options
    return isDeepStrictEqual(made, wanted) && (made.kind === 'tcp' || isDeepStrictEqual(rules, this.#rules()))
  }

  /** Opens those that are not open yet. */
  async #listen(wanted: readonly ListenerOptions[]): Promise<void> {
    for (const options of wanted) {
      const open = this.listeners.find((one) => this.#serves(one, options))
      if (open) open.places.most = options.maxConnections ?? Number.POSITIVE_INFINITY
      else await this.#open(options, this.#rules())
    }
  }

  async #open(options: ListenerOptions, rules: ListenerRules): Promise<void> {
    const name = `${options.kind}:${options.name}`
    const listener = await openListener(options, rules, {
      places: this.#places,
      unfinished: this.#unfinished,
      log: this.#options.log,
      failed: (error) => this.#handshakeFailed(name, error),
      arrived: (arrival) => this.#accept(arrival, name),
      reloaded: () => void this.review(),
    })
    this.listeners = [...this.listeners, listener]
  }

  #rules(): ListenerRules {
    const { connectTimeoutMs, maxPacketSize } = this.#limits
    return { handshakeMs: connectTimeoutMs, maxMessageSize: maxPacketSize + MESSAGE_ROOM }
  }

  clients(): ClientInfo[] {
    return this.sessions().filter(({ connected }) => connected)
  }

  sessions(): ClientInfo[] {
    const now = this.#now()
    return [...this.#sessions].map((session) => clientInfo(session, now))
  }

  subscriptions(clientid: string): ReadonlyMap<string, { readonly qos: Qos }> | undefined {
    return this.#sessions.get(clientid)?.subscriptions
  }

  kick(clientid: string): boolean {
    const connection = this.#sessions.get(clientid)?.connection
    connection?.end('kicked')
    return connection !== undefined
  }

  forget(clientid: string): Promise<boolean> {
    return this.#sessions.drop(clientid)
  }

  review(): number {
    this.#router.forgetTargets()
    const revoked = [...this.#presence.connected].filter(({ holds }) => !holds)
    for (const connection of revoked) connection.end('revoked')
    return revoked.length
  }

  say(topic: string, payload: string): void {
    this.#system.keep(topic, payload, this.#now())
    this.#tell(topic, payload)
  }

  stats(): BrokerStats {
    const { received, delivered, dropped, refused, overLimit, recallsFailed, puback } = this.#figures
    return {
      connected: this.#presence.connected.size,
      sessions: this.#sessions.size,
      received: [...received],
      delivered,
      dropped,
      refused: this.#places.pushedOut > 0 ? { ...refused, silent: this.#places.pushedOut } : refused,
      overLimit,
      denied: { ...this.#denials.counts },
      recallsFailed,
      clientFaults: this.#faults.count,
      puback,
    }
  }

  reloadCertificates(): void {
    for (const { certificates } of this.listeners) certificates?.reload()
  }

  floor(): Seq {
    return this.#sessions.floor()
  }

  giveUp(seq: Seq, reason: 'no_room' | 'expired'): void {
    this.#sessions.giveUp(seq, reason)
  }

  async close(): Promise<void> {
    clearInterval(this.#housekeeping)
    clearInterval(this.#saving)
    for (const listener of this.listeners) listener.close()
    for (const { client } of this.#presence.connected) client.pause()
    await this.#gate.drained()
    for (const { pace } of this.#presence.connected) pace?.end()
    for (let turn = 0; turn < TURNS_TO_ANSWER; turn++) await nextTurn()
    for (const connection of this.#presence.connected) connection.endReason ??= 'gateway'
    await new Promise<void>((resolve) => {
      if (this.#engine) this.#engine.close(resolve)
      else resolve()
    })
    for (const listener of this.listeners) listener.cut()
    await this.#gate.drained() // the wills of those who were connected
    this.#sessions.stop()
  }

  #accept(arrival: Arrival, listener: string): void {
    const client = this.#engine!.handle(arrival.stream)
    client.connection = new Connection(client, arrival, listener)
    if (this.#limits.maxPublishRate < Number.POSITIVE_INFINITY) {
      client.connection.pace = new Pace(this.#limits.maxPublishRate)
    }
    guardParser(client._parser, this.#limits)
    parsePlainPackets(client._parser, this.#limits.maxPacketSize)
    boundUnfinished(client._parser, this.#unfinished.of(arrival.stream))
  }

  #handshakeFailed(listener: string, error: Error): void {
    this.#figures.countRefused('handshake')
    this.#options.log.debug({ listener, err: error }, 'handshake_failed')
  }

  /** To the subscribers there are. */
  #tell(topic: string, text: string): void {
    const payload = Buffer.from(text)
    this.#router.deliver({ hook: 'message.publish', clientid: '', topic, payload, qos: 0, retain: true }, null)
  }

  #keepHouse(): void {
    this.#presence.forgiveWaiting()
    this.#presence.settle()
    this.#sessions.expire(this.#limits.sessionExpiryMs)
  }
}
