// aedes as the protocol engine: it parses, answers CONNECT, SUBSCRIBE, the QoS handshakes and PINGREQ, keeps the
// keepalive, ends a connection that is taken over, and hands over wills. It routes, queues and delivers nothing: its
// emitter is a stub, its `publish` does nothing but call back. DESIGN.md lists its defects and where each is remedied.

import type { Duplex } from 'node:stream'
import { Aedes } from 'aedes'
import type { Qos } from '../model/event.ts'
import type { Admission } from './admission.ts'
import type {
  ConnectPacket,
  EngineClient,
  GateCallback,
  InboundPublish,
  RequestedSubscription,
} from './engine-client.ts'
import type { Gate } from './gate.ts'
import type { Limits } from './limits.ts'
import type { Presence } from './presence.ts'
import { refusalError } from './refusal.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface EngineOptions {
  readonly node: string
  readonly limits: Limits
  readonly persistence: object
  readonly admission: Admission
  readonly gate: Gate
  readonly presence: Presence
  readonly subscriptions: Subscriptions
}

/** aedes, as far as we use it. */
export interface Engine {
  handle(stream: Duplex): EngineClient
  close(done: () => void): void
}

interface Internals extends Engine {
  connectTimeout: number
  maxClientsIdLength: number
  maxTopicLevels: number
  readonly clients: Record<string, EngineClient>
  publish(packet: unknown, client: unknown, done?: () => void): void
  registerClient(client: EngineClient): void
  listen(): Promise<void>
  on(event: string, listener: (...words: never[]) => void): this
}

/** aedes' own chatter on its emitter; its heartbeat has nobody to hear it. */
const HEARTBEAT_MS = 86_400_000
/** A socket that takes nothing, not even an acknowledgement, for so long ends. */
const DRAIN_TIMEOUT_MS = 30_000
/** Packets that came in one read with the CONNECT; the size of a read bounds them. */
const QUEUE_LIMIT = 65_536

export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { node, limits, persistence, presence, subscriptions } = options
  const engine = new Aedes({
    ...handlers(options),
    id: node,
    mq: SILENT,
    persistence,
    heartbeatInterval: HEARTBEAT_MS,
    connectTimeout: limits.connectTimeoutMs,
    drainTimeout: DRAIN_TIMEOUT_MS,
    queueLimit: QUEUE_LIMIT,
    maxInflightInbound: 0, // the gate bounds it before the message is recorded
    maxClientsIdLength: limits.maxClientIdLength,
    maxTopicLevels: limits.maxTopicLevels,
  }) as unknown as Internals
  engine.publish = publishNothing
  tellOfTakeovers(engine)
  await engine.listen()
  return engine
    .on('client', (client: EngineClient) => presence.registered(client))
    .on('connackSent', (connack: { returnCode: number }, client: EngineClient) =>
      presence.answered(connack.returnCode, client),
    )
    .on('clientReady', (client: EngineClient) => presence.ready(client))
    .on('clientDisconnect', (client: EngineClient) => presence.ended(client))
    .on('subscribe', (granted: RequestedSubscription[], client: EngineClient) =>
      subscriptions.subscribed(granted, client),
    )
    .on('unsubscribe', (filters: string[], client: EngineClient) => subscriptions.unsubscribed(filters, client))
    .on('keepaliveTimeout', ({ connection }: EngineClient) => {
      connection.endReason ??= 'keepalive'
    })
    .on('clientError', (client: EngineClient, error: Error) => presence.failed(client, error))
    .on('connectionError', (client: EngineClient, error: Error) => presence.failed(client, error))
}

/** The limits that aedes keeps itself, from the next CONNECT on. */
export function goBy(engine: Engine, limits: Limits): void {
  const internals = engine as Internals
  internals.connectTimeout = limits.connectTimeoutMs
  internals.maxClientsIdLength = limits.maxClientIdLength
  internals.maxTopicLevels = limits.maxTopicLevels
}

/** aedes' questions, with the types that they really have. */
function handlers({ admission, gate, presence }: EngineOptions): object {
  return {
    preConnect(client: EngineClient, packet: ConnectPacket, answer: (error: Error | null, go: boolean) => void): void {
      const fault = admission.introduce(client.connection, packet)
      answer(fault === undefined ? null : new Error(fault), fault === undefined)
    },

    authenticate(
      client: EngineClient,
      _username: string | undefined,
      password: Buffer | undefined,
      answer: (error: Error | null, known: boolean) => void,
    ): void {
      const refused = admission.authenticate(client.connection, password)
      presence.arriving(client, refused).then(
        (reason) => answer(reason ? refusalError(reason) : null, reason === undefined),
        (cause: Error) => answer(refusalError('busy', cause), false),
      )
    },

    authorizePublish: (client: EngineClient, packet: InboundPublish, answer: GateCallback): void =>
      gate.pass(client, packet, answer),

    /** Of a SUBSCRIBE's filters, and of the mark of a session that is there already, which has no filter. */
    authorizeSubscribe(
      { connection }: EngineClient,
      wanted: RequestedSubscription,
      answer: (error: null, granted: RequestedSubscription | null) => void,
    ): void {
      const { filter, qos } = wanted
      answer(null, filter !== undefined && admission.maySubscribe(connection, filter, qos as Qos) ? wanted : null)
    },
  }
}

function tellOfTakeovers(engine: Internals): void {
  const { registerClient } = engine
  engine.registerClient = (client) => {
    const old = engine.clients[client.id]
    if (old) old.connection.endReason ??= 'takeover'
    registerClient.call(engine, client)
  }
}

/** The emitter. It calls back at once, so that what aedes does for one packet or one end is done in one turn, in order. */
const SILENT = {
  on: (_topic: string, _listener: unknown, done?: () => void) => done?.(),
  removeListener: (_topic: string, _listener: unknown, done?: () => void) => done?.(),
  emit: (_packet: unknown, done: () => void) => done(),
  close: (done: () => void) => done(),
}

let released: (() => void)[] = []

/** The gate has delivered it. Calls back in a later turn: aedes reads on then, and its parser may be at work now. */
function publishNothing(_packet: unknown, client: unknown, done?: () => void): void {
  const callback = typeof client === 'function' ? (client as () => void) : done
  if (!callback) return
  if (released.length === 0) setImmediate(releaseAll)
  released.push(callback)
}

function releaseAll(): void {
  const callbacks = released
  released = []
  for (const callback of callbacks) callback()
}
