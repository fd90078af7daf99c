// The gate: every PUBLISH and every will passes here before it is acknowledged. It is recorded, and when it is on disk
// it is routed, then acknowledged: what is acknowledged is on disk and has been delivered, in the journal's order,
// also when its publisher has gone meanwhile.

import type { EventDraft, HookEvent, Qos } from '../model/event.ts'
import { topicFault } from '../model/topic.ts'
import type { LocalWrite } from '../queue/journal.ts'
import type { SessionStore } from '../store/stored-sessions.ts'
import type { AccessControl } from './admission.ts'
import type { Connection } from './connection.ts'
import type { Denials } from './denials.ts'
import type { EngineClient, GateCallback, InboundPublish } from './engine-client.ts'
import type { Figures } from './figures.ts'
import type { HooksForBroker } from './hooks-for-broker.ts'
import type { Limits } from './limits.ts'
import { OverLimit } from './over-limit.ts'
import type { Router } from './router.ts'
import type { Receipt } from './session.ts'
import { levelsFault } from './wire-guard.ts'

/** A publisher whose message the journal refuses is kept waiting so long before its connection ends: it repeats later. */
const REFUSAL_DELAY_MS = 2000

export interface GateOptions {
  readonly hooks: HooksForBroker
  readonly router: Router
  readonly figures: Figures
  readonly limits: Limits
  readonly denials: Denials
  readonly access: Pick<AccessControl, 'denyAction'> | undefined
  readonly store: Pick<SessionStore, 'receive' | 'deleteWill'>
}

interface Passing {
  readonly packet: InboundPublish
  /** What is recorded of it; null: nothing, it is not allowed. */
  readonly draft: EventDraft | null
}

export class Gate {
  readonly #options: GateOptions
  #waiting = 0
  #drained: (() => void)[] = []

  constructor(options: GateOptions) {
    this.#options = options
  }

  /** aedes' `authorizePublish`. */
  pass(client: EngineClient, packet: InboundPublish, callback: GateCallback): void {
    const { figures, limits, denials, access } = this.#options
    const { connection } = client
    const isWill = packet.cmd !== 'publish'
    const fault = publishFault(packet, limits.maxTopicLevels)
    const denied = fault === undefined && connection.access?.mayPublish(packet.topic) === false
    if (fault || denied) figures.countDropped('forbidden_topic')
    if (denied) denials.note(isWill ? 'will' : 'publish', connection, packet.topic)
    if (fault || (denied && (isWill || access?.denyAction === 'disconnect'))) {
      callback(new Error(fault ?? 'it may not publish to this topic')) // ends the connection [MQTT-3.3.5-2]
      return
    }
    const draft = denied ? null : draftOf(client.id, packet)
    if (isWill) this.#passWill(client, draft, callback)
    else {
      figures.countReceived(packet.qos)
      if (packet.qos === 2) this.#passOnce(connection, { packet, draft }, callback)
      else this.#record(draft, this.#answer(connection, packet.qos, callback))
    }
  }

  /** Resolves when nothing waits for the journal. */
  drained(): Promise<void> {
    if (this.#waiting === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#drained.push(resolve)
    })
  }

  #passWill({ id }: EngineClient, draft: EventDraft | null, callback: GateCallback): void {
    const settled = (error: Error | null): void => {
      if (error) this.#options.figures.countDropped('queue_full')
      callback(error)
    }
    this.#record(draft, settled, [this.#options.store.deleteWill(id)])
  }

  /** QoS 2: a repeated PUBLISH is recorded no second time, and its PUBREC waits for the first's commit [MQTT-4.3.3-2]. */
  #passOnce(connection: Connection, { packet, draft }: Passing, callback: GateCallback): void {
    const { receipts, clientid, clean } = connection.session!
    const packetId = packet.messageId!
    const known = receipts.get(packetId)
    if (known?.committed) callback(null)
    else if (known) known.waiting.push(this.#answer(connection, 2, callback))
    else if (receipts.size >= this.#options.limits.maxInflightInbound) {
      callback(new OverLimit('awaiting_rel', 'it has more half-done QoS 2 messages than mqtt.max_awaiting_rel'))
    } else {
      const receipt: Receipt = { committed: false, waiting: [this.#answer(connection, 2, callback)] }
      receipts.set(packetId, receipt)
      const settled = (error: Error | null): void => {
        receipt.committed = !error
        if (error && receipts.get(packetId) === receipt) receipts.delete(packetId)
        for (const answer of receipt.waiting.splice(0)) answer(error)
      }
      const local = clean || !draft ? [] : [this.#options.store.receive(clientid, packetId)]
      this.#record(draft, settled, local)
    }
  }

  /** What happens to a PUBLISH when the journal has spoken. */
  #answer(connection: Connection, qos: Qos, callback: GateCallback): GateCallback {
    const { figures } = this.#options
    const { pace, client } = connection
    const arrived = performance.now()
    const go = (): void => {
      connection.inGate--
      if (!client.closed) callback(null)
    }
    connection.inGate++
    return (error) => {
      if (error) {
        connection.inGate--
        this.#refuse(connection, { error, qos, callback })
        return
      }
      if (qos > 0) figures.observePuback(performance.now() - arrived)
      if (!pace) go()
      else if (!pace.pass(go)) figures.countOver('publish_rate')
    }
  }

  /** @param passed null: nothing is recorded, and it has its turn all the same */
  #record(passed: EventDraft | null, settled: GateCallback, local?: readonly LocalWrite[]): void {
    const draft = passed?.retain ? this.#retained(passed) : passed
    this.#waiting++
    const recorded = (error: Error | null, event: HookEvent | null): void => {
      if (!error && draft) this.#options.router.deliver(draft, event)
      settled(error)
      if (--this.#waiting === 0 && this.#drained.length > 0) for (const resolve of this.#drained.splice(0)) resolve()
    }
    if (draft) this.#options.hooks.record(draft, recorded, local)
    else this.#options.hooks.inTurn(() => recorded(null, null))
  }

  /** Where there is no room to retain it, it is only delivered. */
  #retained(draft: EventDraft): EventDraft {
    if (this.#options.hooks.mayRetain(draft.topic, draft.payload!.length)) return draft
    this.#options.figures.countDropped('retained_full')
    return { ...draft, retain: false }
  }

  /** A message of QoS 0 is only late; the connection of another ends, once. */
  #refuse(connection: Connection, late: { error: Error; qos: Qos; callback: GateCallback }): void {
    this.#options.figures.countDropped('queue_full')
    if (connection.refusing) return
    connection.refusing = late.qos > 0
    const answer = (): void => {
      if (!connection.client.closed) late.callback(late.qos > 0 ? late.error : null)
    }
    setTimeout(answer, REFUSAL_DELAY_MS).unref()
  }
}

/** @returns why nobody may publish this, or undefined. aedes has looked for `+` and `#` in a PUBLISH, not in a will. */
export function publishFault(packet: InboundPublish, maxLevels: number): string | undefined {
  const { topic } = packet
  if (topic.startsWith('$')) return 'topics that begin with $ are reserved' // [MQTT-4.7.2-1]
  if (packet.cmd !== 'publish') return topicFault(topic) ?? levelsFault(topic, maxLevels)
  return packet.qos > 0 && !(packet.messageId! > 0) ? 'a packet id must not be 0' : undefined // [MQTT-2.3.1-1]
}

const draftOf = (clientid: string, { topic, payload, qos, retain }: InboundPublish): EventDraft => ({
  hook: 'message.publish',
  clientid,
  topic,
  payload,
  qos,
  retain,
})
