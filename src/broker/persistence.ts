// The persistence that aedes asks, over our sessions. What it asks has its answer in a microtask (aedes #3); what it tells
// is answered when it is on disk, where an acknowledgement follows. What aedes would store for delivery is not stored here:
// the router and the outboxes deliver (aedes #1, #4, #8, #12, #14).

import { Readable } from 'node:stream'
import type { Deliveries } from './deliveries.ts'
import type { EngineClient, RequestedSubscription, WirePacket } from './engine-client.ts'
import type { Sessions } from './sessions.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface PersistenceOptions {
  readonly sessions: Sessions
  readonly subscriptions: Subscriptions
  readonly deliveries: Deliveries
}

const DONE = Promise.resolve()
const NO_SUCH_PACKET = new Error('no such packet')
/** Makes aedes say "session present"; the authorizer grants it to nobody. */
const PRESENT: RequestedSubscription = { topic: 'session', qos: 0 }

export function createPersistence({ sessions, subscriptions, deliveries }: PersistenceOptions): object {
  return {
    // aedes insists on an async function
    async setup(): Promise<void> {},

    async subscriptionsByClient({ id }: { id: string }): Promise<RequestedSubscription[]> {
      return sessions.resumable(id) ? [PRESENT] : []
    },

    /** PUBACK and PUBCOMP. */
    outgoingClearMessageId({ connection }: EngineClient, packet: WirePacket): Promise<void> {
      const { session } = connection
      if (session?.connection !== connection) return DONE
      const entry = session.outbox.acknowledge(packet.messageId!, packet.cmd === 'puback' ? 1 : 2)
      if (entry) {
        deliveries.acknowledged(session, entry)
        session.outbox.drain()
      }
      return DONE
    },

    /** PUBREC of a stored session; PUBREL follows. */
    outgoingUpdate({ connection }: EngineClient, packet: WirePacket): Promise<void> {
      return connection.session?.outbox.release(packet.messageId!) ?? DONE
    },

    /** Asked for a PUBLISH of QoS 2 (the gate has looked: always "new", so that aedes goes on to PUBREC) and for a PUBREL. */
    async incomingGetPacket({ connection }: EngineClient, packet: WirePacket): Promise<WirePacket> {
      if (packet.cmd === 'publish' || !connection.session?.receipts.has(packet.messageId!)) throw NO_SUCH_PACKET
      return packet
    },

    /** PUBREL; PUBCOMP follows. */
    incomingDelPacket({ connection }: EngineClient, packet: WirePacket): Promise<void> {
      return sessions.release(connection.session!, packet.messageId!)
    },

    /** Of a stored session; SUBACK follows. Called for each filter as it is granted, with all of them. */
    addSubscriptions: ({ connection }: EngineClient): Promise<void> => subscriptions.store(connection),

    /** Of a stored session; UNSUBACK follows. */
    removeSubscriptions: ({ connection }: EngineClient, filters: string[]): Promise<void> =>
      subscriptions.withdraw(connection, filters),

    /** Of a connect with clean session; CONNACK follows. */
    cleanIncoming: ({ connection }: EngineClient): Promise<void> => connection.settled ?? DONE,

    incomingStorePacket: () => DONE,
    cleanSubscriptions: () => DONE,
    putWill: () => DONE,
    delWill: () => DONE,
    outgoingStream: () => Readable.from([]),
    createRetainedStreamCombi: () => Readable.from([]),
    streamWill: () => Readable.from([]),
  }
}
