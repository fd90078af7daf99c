// aedes' persistence interface, as its own suite asks it, over our parts: the journal, its tables, sessions, router, outboxes, gate.
// It keeps nothing itself but what the suite calls things by: its packet ids beside those that the outbox gives, the row that an incoming
// packet became, and which payloads were strings. What it is asked to show it reads from the tables, or it starts the rooms anew and
// looks at what they send to a client that connects then.

import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import type { Connection } from '../../../src/broker/connection.ts'
import { Deliveries } from '../../../src/broker/deliveries.ts'
import { Denials } from '../../../src/broker/denials.ts'
import type { EngineClient, InboundPublish, WirePacket } from '../../../src/broker/engine-client.ts'
import { Figures } from '../../../src/broker/figures.ts'
import { Gate } from '../../../src/broker/gate.ts'
import type { JournalForBroker } from '../../../src/broker/hooks-for-broker.ts'
import { DEFAULT_LIMITS } from '../../../src/broker/limits.ts'
import type { Way } from '../../../src/broker/outbox.ts'
import type { Outgoing } from '../../../src/broker/outgoing.ts'
import { createPersistence } from '../../../src/broker/persistence.ts'
import { Router } from '../../../src/broker/router.ts'
import type { Session } from '../../../src/broker/session.ts'
import { Sessions } from '../../../src/broker/sessions.ts'
import { Subscriptions } from '../../../src/broker/subscriptions.ts'
import { SystemMessages } from '../../../src/broker/system-messages.ts'
import type { EventDraft, Message, Qos, Seq } from '../../../src/model/event.ts'
import { FilterTrie } from '../../../src/model/topic-tries.ts'
import type { LocalWrite } from '../../../src/queue/journal.ts'
import { StoredSessions, type StoredWill } from '../../../src/store/stored-sessions.ts'
import { silentLog } from '../../helpers/brokers.ts'
import { Rig } from '../../model/overlay-rig.ts'

/** The packages that aedes itself uses. */
export const aedesRequire = createRequire(createRequire(import.meta.url).resolve('aedes'))
const Packet = aedesRequire('aedes-packet') as new (from: object) => SuitePacket

/** Of the suite. */
interface SuitePacket extends InboundPublish {
  readonly id?: string
  readonly brokerId?: string
  readonly brokerCounter?: number
  messageId?: number
}
interface SuiteSubscription {
  readonly clientid?: string
  readonly topic: string
  readonly qos: Qos
  readonly [property: string]: unknown
}
interface SuiteClient {
  readonly id: string
}
type SuiteWill = Omit<StoredWill, 'clientid' | 'username'> & { clientId?: string; brokerId?: string }

const limits = { ...DEFAULT_LIMITS, maxInflight: 10_000 }

/** What a client was sent, by our packet id. DUP is not looked at: the outbox sets it as it writes. */
class Wire implements Way {
  readonly full = false
  readonly sent = new Map<number, { message: Outgoing; qos: Qos } | 'released'>()

  publish(message: Outgoing, qos: Qos, packetId: number): void {
    this.sent.set(packetId, { message, qos })
  }

  release(packetId: number): void {
    this.sent.set(packetId, 'released')
  }
}

/** The broker's rooms, without sockets and without aedes. */
class Rooms {
  readonly sessions: Sessions
  readonly gate: Gate
  readonly persistence: Persistence
  readonly connections = new Map<string, { wire: Wire; connection: Connection }>()

  constructor({ journal, store, hooks }: Rig) {
    const figures = new Figures()
    const denials = new Denials(silentLog)
    const forBroker: JournalForBroker = {
      get lastSeq() {
        return journal.lastSeq
      },
      event: (seq) => journal.event(seq),
      events: (after, limit) => journal.events(after, limit),
      retained: (topic) => store.retained.newest(topic),
    }
    const router = new Router(journal.lastSeq)
    const deliveries = new Deliveries({ hooks, journal: forBroker, figures, limits })
    const sessions = new Sessions({
      store: store.sessions,
      router,
      journal: forBroker,
      maxWaiting: () => limits.maxOffline,
      make: (...words) => deliveries.session(...words),
      dropped: (count) => figures.countDropped('offline_full', count),
    })
    const system = new SystemMessages()
    const subscriptions = new Subscriptions({
      hooks,
      sessions,
      router,
      figures,
      denials,
      limits,
      log: silentLog,
      system,
    })
    this.sessions = sessions
    this.gate = new Gate({ hooks, router, figures, limits, denials, access: undefined, store: store.sessions })
    this.persistence = createPersistence({ sessions, subscriptions, deliveries }) as Persistence
  }

  /** The client's connection; a client that has none connects, without clean session. */
  connect(id: string): { wire: Wire; connection: Connection } {
    const known = this.connections.get(id)
    if (known) return known
    const { session } = this.sessions.open(id, false)
    const connection = connectionOf(session)
    session.connection = connection
    const wire = new Wire()
    session.outbox.attach(wire)
    this.connections.set(id, { wire, connection })
    return { wire, connection }
  }

  disconnect(id: string): void {
    if (this.connections.delete(id)) this.sessions.close(this.sessions.get(id)!)
  }

  stop(): void {
    for (const id of [...this.connections.keys()]) this.disconnect(id)
    this.sessions.stop()
  }
}

/** The methods of ours that the suite asks, too. */
interface Persistence {
  addSubscriptions(client: Pick<EngineClient, 'connection'>): Promise<void>
  removeSubscriptions(client: Pick<EngineClient, 'connection'>, filters: readonly string[]): Promise<void>
  outgoingUpdate(client: Pick<EngineClient, 'connection'>, packet: Partial<WirePacket>): Promise<void>
  outgoingClearMessageId(client: Pick<EngineClient, 'connection'>, packet: Partial<WirePacket>): Promise<void>
  incomingGetPacket(client: Pick<EngineClient, 'connection'>, packet: Partial<WirePacket>): Promise<WirePacket>
  incomingDelPacket(client: Pick<EngineClient, 'connection'>, packet: Partial<WirePacket>): Promise<void>
}

export class Adapter {
  broker!: { id: string }
  readonly #rig = new Rig({ read: () => Promise.reject(), state: () => 'down', cursor: () => 0, onUp: () => {} })
  #rooms!: Rooms
  /** By client and our packet id: the suite's. */
  readonly #ids = new Map<string, Map<number, number>>()
  /** By client and packet id: the row of an incoming packet. */
  readonly #rows = new Map<string, Seq>()
  /** Origins of the packets whose payload was a string: ours is bytes. */
  readonly #strings = new Set<string>()

  async setup(broker: Adapter['broker']): Promise<void> {
    this.broker = broker
    await this.#rig.open([])
    this.#rooms = new Rooms(this.#rig)
  }

  /** The gateway ends, in order, and starts. */
  async #restart(): Promise<void> {
    this.#rooms.stop()
    await this.#rig.restart([])
    this.#rooms = new Rooms(this.#rig)
    await this.#rooms.sessions.restore()
  }

  async destroy(): Promise<void> {
    this.#rooms.stop()
    await this.#rig.close()
  }

  // ── retained messages: through the gate, and back as a SUBSCRIBE gets them ──

  storeRetained(packet: SuitePacket): Promise<void> {
    return this.#publish(packet)
  }

  createRetainedStream(filter: string): Readable {
    return this.createRetainedStreamCombi([filter])
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    return Readable.from(this.#retained(filters))
  }

  async *#retained(filters: readonly string[]): AsyncGenerator<object> {
    await this.#restart()
    for (const filter of filters) {
      for (const { topic, payload, qos, retain, from } of await this.#rig.hooks.retained(filter)) {
        yield { cmd: 'publish', id: originOf(from).id, topic, payload, qos, retain }
      }
    }
  }

  // ── subscriptions ──

  async addSubscriptions({ id }: SuiteClient, subscriptions: readonly SuiteSubscription[]): Promise<void> {
    const { connection } = this.#rooms.connect(id)
    for (const { topic, qos, ...properties } of subscriptions) {
      connection.unstored.push(Object.assign({ topic, qos }, { properties }))
    }
    await this.#rooms.persistence.addSubscriptions({ connection })
  }

  removeSubscriptions({ id }: SuiteClient, filters: readonly string[]): Promise<void> {
    return this.#rooms.persistence.removeSubscriptions(this.#rooms.connect(id), filters)
  }

  async subscriptionsByClient({ id }: SuiteClient): Promise<object[]> {
    return this.#subscriptions().flatMap(({ clientId, ...subscription }) => (clientId === id ? [subscription] : []))
  }

  /** As the next start matches them; in the suite's order, ours has none. */
  async subscriptionsByTopic(topic: string): Promise<object[]> {
    const filters = new FilterTrie<{ topic: string }>()
    for (const subscription of this.#subscriptions()) {
      if (subscription.qos > 0) filters.add(subscription.topic, subscription)
    }
    return filters.match(topic).sort((a, b) => (a.topic < b.topic ? 1 : -1))
  }

  getClientList(topic: string): Readable {
    const found = this.#subscriptions().filter((subscription) => subscription.topic === topic)
    return Readable.from(found.map(({ clientId }) => clientId))
  }

  async countOffline(): Promise<object> {
    const all = this.#subscriptions()
    const clients = new Set(all.map(({ clientId }) => clientId))
    return { subsCount: all.filter(({ qos }) => qos > 0).length, clientsCount: clients.size }
  }

  /** A connect with clean session. */
  async cleanSubscriptions({ id }: SuiteClient): Promise<void> {
    this.#rooms.disconnect(id)
    const { session, settled } = this.#rooms.sessions.open(id, true)
    await settled
    this.#rooms.sessions.close(session)
  }

  #subscriptions(): { clientId: string; topic: string; qos: Qos }[] {
    return this.#stored().sessions.flatMap(({ clientid, subscriptions }) =>
      subscriptions.map(({ topic, qos, properties }) => ({ clientId: clientid, topic, qos, ...properties })),
    )
  }

  /** What is on disk. */
  #stored(): StoredSessions {
    return new StoredSessions(this.#rig.journal)
  }

  // ── what a client is to be sent ──

  outgoingEnqueue(subscription: SuiteSubscription & { clientId: string }, packet: SuitePacket): Promise<void> {
    return this.outgoingEnqueueCombi([subscription], packet)
  }

  /** It is published, and routed to who subscribed. Ours lowers its QoS to the subscription's, so that is made high enough (aedes #7). */
  async outgoingEnqueueCombi(
    subscriptions: readonly (SuiteSubscription & { clientId: string })[],
    packet: SuitePacket,
  ): Promise<void> {
    for (const { clientId, topic } of subscriptions) {
      const known = this.#rooms.sessions.get(clientId)?.subscriptions.get(topic)
      if (known?.qos !== packet.qos) await this.addSubscriptions({ id: clientId }, [{ topic, qos: packet.qos }])
      this.#rooms.disconnect(clientId)
    }
    await this.#publish(packet)
  }

  /** The packet is sent: the suite says under which id, ours has its own. Or PUBREC came for it. */
  async outgoingUpdate({ id }: SuiteClient, packet: SuitePacket | { cmd: 'pubrel'; messageId: number }): Promise<void> {
    const { wire, connection } = this.#rooms.connect(id)
    if (packet.cmd === 'pubrel') {
      const messageId = this.#ourId(id, packet.messageId)
      await this.#rooms.persistence.outgoingUpdate({ connection }, { cmd: 'pubrel', messageId: messageId! })
      return
    }
    await this.#allWritten(id)
    for (const [packetId, sent] of wire.sent) {
      if (sent === 'released' || sent.message.from !== origin(packet)) continue
      const ids = this.#ids.get(id) ?? new Map<number, number>()
      this.#ids.set(id, ids.set(packetId, packet.messageId!))
      return
    }
    throw new Error('no such packet')
  }

  /** PUBACK or PUBCOMP came. */
  async outgoingClearMessageId({ id }: SuiteClient, { messageId }: { messageId: number }): Promise<object | undefined> {
    const packetId = this.#ourId(id, messageId)
    const { wire, connection } = this.#rooms.connect(id)
    await this.#allWritten(id)
    const sent = packetId === undefined ? undefined : wire.sent.get(packetId)
    if (!sent) return undefined
    const { inflight } = connection.session!.outbox
    const cmd = sent === 'released' || sent.qos === 2 ? 'pubcomp' : 'puback'
    await this.#rooms.persistence.outgoingClearMessageId({ connection }, { cmd, messageId: packetId! })
    return connection.session!.outbox.inflight < inflight ? this.#packetOf(id, packetId!, sent) : undefined
  }

  outgoingStream({ id }: SuiteClient): Readable {
    return Readable.from(this.#outgoing(id))
  }

  async *#outgoing(id: string): AsyncGenerator<object> {
    await this.#restart()
    if (!this.#rooms.sessions.resumable(id)) return
    const { wire } = this.#rooms.connect(id)
    await this.#allWritten(id)
    for (const [packetId, sent] of wire.sent) yield this.#packetOf(id, packetId, sent)
  }

  /** QoS 2 messages wait for the disk. */
  async #allWritten(id: string): Promise<void> {
    const { wire, connection } = this.#rooms.connect(id)
    const { outbox } = connection.session!
    while (wire.sent.size < outbox.inflight) await new Promise(setImmediate)
  }

  #packetOf(id: string, packetId: number, sent: { message: Outgoing; qos: Qos } | 'released'): object {
    const messageId = this.#ids.get(id)?.get(packetId)
    if (sent === 'released') return { cmd: 'pubrel', messageId }
    const { message, qos } = sent
    const { id: brokerId, counter: brokerCounter } = originOf(message.from)
    const { topic } = message
    const payload = this.#strings.has(message.from!) ? message.payload.toString() : message.payload
    return Object.assign(new Packet({ topic, payload, qos, brokerId, brokerCounter }), { messageId })
  }

  #ourId(id: string, messageId: number): number | undefined {
    return [...(this.#ids.get(id) ?? [])].find(([, theirs]) => theirs === messageId)?.[0]
  }

  // ── QoS 2 from a client ──

  async incomingStorePacket({ id }: SuiteClient, packet: SuitePacket): Promise<void> {
    await this.#pass(this.#rooms.connect(id).connection, packet)
    this.#rows.set(`${id} ${packet.messageId}`, this.#rig.journal.lastSeq)
  }

  /** The session has its id until PUBREL, the journal has the message. */
  async incomingGetPacket({ id }: SuiteClient, { messageId }: { messageId: number }): Promise<object> {
    await this.#restart()
    const { connection } = this.#rooms.connect(id)
    const known = await this.#rooms.persistence.incomingGetPacket({ connection }, { cmd: 'pubrel', messageId })
    const { topic, payload, qos, retain } = this.#rig.journal.event(this.#rows.get(`${id} ${messageId}`)!)!
    return { cmd: 'publish', topic, payload, qos, retain, dup: false, messageId: known.messageId }
  }

  incomingDelPacket({ id }: SuiteClient, { messageId }: { messageId: number }): Promise<void> {
    const { connection } = this.#rooms.connect(id)
    return this.#rooms.persistence.incomingDelPacket({ connection }, { cmd: 'pubrel', messageId })
  }

  cleanIncoming(client: SuiteClient): Promise<void> {
    return this.cleanSubscriptions(client)
  }

  // ── wills ──

  putWill({ id }: SuiteClient, will: SuiteWill): Promise<void> {
    will.clientId = id
    will.brokerId = this.broker.id
    const { topic, payload, qos, retain, brokerId } = will
    const stored = { clientid: id, username: null, topic, payload, qos, retain, properties: { brokerId } }
    return this.#record('client.connected', id, this.#rig.store.sessions.putWill(stored))
  }

  async getWill({ id }: SuiteClient): Promise<object | undefined> {
    return this.#wills().find(({ clientId }) => clientId === id)
  }

  async delWill(client: SuiteClient): Promise<object | undefined> {
    const will = await this.getWill(client)
    await this.#record('client.disconnected', client.id, this.#rig.store.sessions.deleteWill(client.id))
    return will
  }

  streamWill(brokers: Readonly<Record<string, unknown>> = {}): Readable {
    return Readable.from(this.#wills().filter(({ brokerId }) => brokers[brokerId!] === undefined))
  }

  #wills(): SuiteWill[] {
    return this.#stored().wills.map(({ clientid, username: _, properties, ...will }) => ({
      ...will,
      clientId: clientid,
      ...properties,
    }))
  }

  #record(hook: EventDraft['hook'], clientid: string, local: LocalWrite): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rig.hooks.record({ hook, clientid, topic: '' }, (error) => (error ? reject(error) : resolve()), [local])
    })
  }

  // ── the gate ──

  /** The suite names no publisher: the packet's origin is written in its place. */
  async #publish(packet: SuitePacket): Promise<void> {
    const { session } = this.#rooms.sessions.open(origin(packet), true)
    const payload = Buffer.from(packet.payload)
    if (typeof packet.payload === 'string') this.#strings.add(origin(packet))
    await this.#pass(connectionOf(session), { ...packet, payload, messageId: 1 })
    this.#rooms.sessions.close(session)
  }

  async #pass(connection: Connection, { topic, payload, qos, retain, messageId = 0 }: SuitePacket): Promise<void> {
    const client = { id: connection.session!.clientid, connection } as EngineClient
    const packet = { cmd: 'publish', topic, payload, qos, retain, messageId } as const
    await new Promise<void>((resolve, reject) => {
      this.#rooms.gate.pass(client, packet, (error) => (error ? reject(error) : resolve()))
    })
  }
}

/** As far as the rooms look at it. */
const connectionOf = (session: Session): Connection =>
  ({
    session,
    granting: new Map(),
    unstored: [],
    granted: Promise.resolve(),
    inGate: 0,
    client: { closed: false },
  }) as unknown as Connection

const origin = ({ id, brokerId, brokerCounter }: SuitePacket): string => `${id ?? brokerId} ${brokerCounter}`

function originOf(from: Message['from']): { id: string; counter: number } {
  const [id, counter] = from.split(' ')
  return { id: id!, counter: Number(counter) }
}
