// One client's session as MQTT 3.1.1 has it: what it subscribed to, what it was sent, which packet ids are in use. It is what
// the client knows; what the gateway did with a packet that was never answered is left open.

import type { IPublishPacket } from 'mqtt-packet'
import { topicMatches } from '../../../src/model/topic.ts'
import { type Message, NEVER, nameOf, type Tick, type World } from './world.ts'

/** A subscription from SUBSCRIBE to UNSUBSCRIBE, or to the next SUBSCRIBE of the same filter. */
interface Span {
  readonly filter: string
  readonly qos: 0 | 1 | 2
  readonly from: Tick
  /** Of the connection in which that was. */
  readonly connectedAt: Tick
  /** Its SUBACK. */
  sure: Tick
  /** The packet that ends it is sent. */
  until: Tick
  /** That packet's answer. */
  gone: Tick
}

/** Copies of one message that came: live ones, retained ones. */
class Copies {
  readonly firstKills: number
  qos0 = 0
  qos1 = 0
  qos2 = 0
  retained = 0
  retained2 = 0
  /** PUBACK or PUBCOMP was sent. */
  answered = false
  last: Tick = 0

  constructor(kills: number) {
    this.firstKills = kills
  }
}

/** A packet id that the gateway uses. */
export interface Outstanding {
  readonly message: Message
  readonly packet: IPublishPacket
  /** Number of the connection in which it came last. */
  line: number
  readonly kills: number
  /** PUBREC was sent. */
  received: boolean
  /** PUBREL came. */
  released: boolean
  /** PUBACK or PUBCOMP was sent. */
  answered: boolean
}

/** A packet id that the client uses. */
export interface Sending {
  readonly message: Message
  /** PUBREC came. */
  received: boolean
}

export class Session {
  readonly clientid: string
  readonly clean: boolean
  readonly #world: World
  readonly #spans: Span[] = []
  /** By filter: the last UNSUBSCRIBE, or SUBSCRIBE of QoS 0, that was sent. */
  readonly #dropped = new Map<string, Tick>()
  readonly #copies = new Map<Message, Copies>()
  /** QoS 2 messages between PUBLISH and PUBREL, by packet id: the receiver's half of "exactly once". */
  readonly #received = new Map<number, Message>()
  readonly outstanding = new Map<number, Outstanding>()
  readonly sending = new Map<number, Sending>()
  /** By publisher and topic: the number of the last one that came for the first time. */
  readonly #newest = new Map<string, number>()
  /** As that, in this connection, of those that were sent once. */
  readonly #newestNow = new Map<string, number>()
  /** Number of the connection. */
  line = 0
  connectedAt: Tick = 0
  /** The gateway has answered for it since it was made, so it is on disk. */
  durable = false

  constructor(world: World, clientid: string, clean: boolean) {
    this.#world = world
    this.clientid = clientid
    this.clean = clean
  }

  /** CONNACK came. */
  connected(): void {
    this.connectedAt = this.#world.now
    this.#newestNow.clear()
  }

  // ── subscriptions ──

  /** SUBSCRIBE is sent. @returns to be called with the SUBACK's codes */
  subscribing(filters: readonly (readonly [string, 0 | 1 | 2])[]): (granted: readonly number[]) => void {
    const { now } = this.#world
    const news: Span[] = filters.map(([filter, qos]) => ({
      filter,
      qos,
      from: now,
      connectedAt: this.connectedAt,
      sure: NEVER,
      until: NEVER,
      gone: NEVER,
    }))
    const ended = filters.flatMap(([filter, qos]) => this.#end(filter, qos === 0))
    // of the same filter twice, the last one counts [MQTT-3.8.4-4]
    for (const span of news)
      if (news.findLast(({ filter }) => filter === span.filter) !== span) span.until = span.gone = now
    this.#spans.push(...news)
    return (granted) => {
      const wanted = news.map(({ qos }) => qos)
      if (String(granted) !== String(wanted)) this.#fault(`SUBACK grants ${granted}, wanted was ${wanted}`)
      for (const span of news) span.sure = this.#world.now
      for (const span of ended) span.gone = Math.min(span.gone, this.#world.now)
    }
  }

  /** UNSUBSCRIBE is sent. @returns to be called with the UNSUBACK */
  unsubscribing(filters: readonly string[]): () => void {
    const ended = filters.flatMap((filter) => this.#end(filter, true))
    return () => {
      for (const span of ended) span.gone = Math.min(span.gone, this.#world.now)
    }
  }

  get filters(): string[] {
    return [...new Set(this.#spans.filter(({ until }) => until === NEVER).map(({ filter }) => filter))]
  }

  /** All spans of the filter that may be there still. */
  #end(filter: string, dropped: boolean): Span[] {
    const { now } = this.#world
    if (dropped) this.#dropped.set(filter, now)
    const ended = this.#spans.filter((span) => span.filter === filter && span.gone === NEVER)
    for (const span of ended) span.until = Math.min(span.until, now)
    return ended
  }

  // ── what comes ──

  /** A PUBLISH came. @returns what is to be answered, if anything */
  publish(packet: IPublishPacket): Outstanding | undefined {
    const message = this.#identify(packet)
    if (!message) return undefined
    const isRepeated = packet.qos === 2 && this.#received.has(packet.messageId!)
    if (packet.dup && message.from > this.connectedAt) this.#fault('DUP, and it was published after CONNACK', message)
    const outstanding = packet.qos === 0 ? undefined : this.#use(packet, message)
    if (packet.qos === 2) {
      const hidden = this.#received.get(packet.messageId!)
      if (hidden && hidden !== message)
        this.#fault(`lost: its packet id is that of ${nameOf(hidden)}, before PUBREL`, message)
      this.#received.set(packet.messageId!, message)
    }
    if (message.payload !== '') {
      const copies = this.#copies.get(message) ?? new Copies(this.#world.kills)
      this.#copies.set(message, copies)
      if (packet.retain) this.#isRetained(message, { packet, copies, isRepeated })
      else this.#isLive(message, { packet, copies, isRepeated })
      copies.last = this.#world.now
    }
    return outstanding
  }

  /** PUBREL came. @returns what it is for; undefined: PUBCOMP was sent before */
  release(packetId: number): Outstanding | undefined {
    this.#received.delete(packetId)
    const outstanding = this.outstanding.get(packetId)
    if (!outstanding || outstanding.answered) return undefined
    const { packet, received, message } = outstanding
    if (packet.qos !== 2 || !received) this.#fault(`PUBREL ${packetId} without PUBREC`, message)
    outstanding.released = true
    outstanding.line = this.line
    const copies = this.#copies.get(message)
    if (copies) copies.last = this.#world.now
    return outstanding
  }

  /** PUBACK or PUBCOMP is sent. */
  answered(outstanding: Outstanding): void {
    outstanding.answered = true
    const copies = this.#copies.get(outstanding.message)
    if (copies) copies.answered = true
  }

  #identify({ topic, payload, retain }: IPublishPacket): Message | undefined {
    const text = String(payload)
    if (text === '') {
      if (retain) this.#fault(`a retained message without payload on ${topic}`)
      return this.#clearing(topic)
    }
    const message = this.#world.messages.get(text)
    if (message?.topic === topic && message.from <= this.#world.now) return message
    this.#fault(`${text.slice(0, 40)} on ${topic}, which nobody published`, message)
    return undefined
  }

  /** Messages that clear look all the same: one stands for all of a topic. */
  #clearing(topic: string): Message | undefined {
    const found = this.#world.retained.get(topic)?.find(({ payload }) => payload === '')
    if (!found) this.#fault(`an empty message on ${topic}, which nobody published`)
    return found
  }

  #isLive(message: Message, { packet: { qos, dup }, copies, isRepeated }: Arrival): void {
    const matching = this.#spans.filter(({ filter }) => topicMatches(filter, message.topic))
    const possible = matching.filter(({ gone, from }) => gone > message.from && from < message.by)
    if (possible.length === 0) {
      this.#fault('no subscription was there when it was published', message)
      return
    }
    // what waits while the filter's QoS is changed may come with the new one
    const changed = possible.flatMap((span) =>
      span.qos === 0 ? [] : matching.filter(({ filter, from }) => filter === span.filter && from > span.from),
    )
    const most = Math.max(...[...possible, ...changed].map((span) => Math.min(span.qos, message.qos)))
    if (qos > most) this.#fault(`QoS ${qos}, and published and granted was ${most}`, message)
    const certain = matching.filter(({ sure, until }) => sure < message.from && until === NEVER)
    const least = Math.max(0, ...certain.map((span) => Math.min(span.qos, message.qos)))
    if (qos < least) this.#fault(`QoS ${qos}, and published and granted was ${least}`, message)
    this.#count(message, { qos, dup, copies, isRepeated })
    // the first of several PUBLISHes may have come before the subscription
    if (qos > 0) this.#order(message, copies.last === 0 && (message.times === 1 || certain.length > 0))
  }

  #count(message: Message, { qos, dup, copies, isRepeated }: Counted): void {
    const { kills } = this.#world
    if (qos > 0 && copies.qos2 > 0 && !isRepeated) this.#fault('twice: it was received with QoS 2 before', message)
    if (qos === 0 && ++copies.qos0 > message.times) this.#fault('twice with QoS 0', message)
    if (qos === 1 && !dup) copies.qos1++
    // what was acknowledged in the last seconds before a kill may come again
    if (copies.qos1 > message.times * (1 + kills - copies.firstKills))
      this.#fault('twice with QoS 1 and without DUP', message)
    if (qos === 2 && !isRepeated) {
      copies.qos2++
      if (copies.qos0 > 0) this.#fault('twice: with QoS 0 and 2', message)
      if (copies.qos1 > 0 && kills === copies.firstKills) this.#fault('twice: with QoS 1 and 2', message)
    }
  }

  /** [MQTT-4.6.0-6] */
  #order(message: Message, isFirst: boolean): void {
    const key = `${message.publisher} ${message.topic}`
    if (isFirst) {
      const newest = this.#newest.get(key) ?? 0
      if (message.n < newest) this.#fault(`disorder: it comes for the first time after ${key} ${newest}`, message)
      this.#newest.set(key, Math.max(newest, message.n))
    }
    if (message.times > 1) return
    const newest = this.#newestNow.get(key) ?? 0
    if (message.n <= newest) this.#fault(`disorder: in this connection it comes after ${key} ${newest}`, message)
    this.#newestNow.set(key, message.n)
  }

  #isRetained(message: Message, { packet: { qos }, copies, isRepeated }: Arrival): void {
    if (!message.retain) this.#fault('the retain flag, and it was published without', message)
    const asked = this.#spans.filter(
      ({ filter, from }) =>
        topicMatches(filter, message.topic) && this.#world.retainedAt(filter, from).some((of) => of.includes(message)),
    )
    if (asked.length === 0) {
      this.#fault('retained, and no SUBSCRIBE asks for it', message)
      return
    }
    const most = Math.max(...asked.map((span) => Math.min(span.qos, message.qos)))
    if (qos > most) this.#fault(`retained with QoS ${qos}, and published and granted was ${most}`, message)
    copies.retained++
    if (qos === 2 && !isRepeated && ++copies.retained2 > asked.length) this.#fault('retained, twice', message)
  }

  #use(packet: IPublishPacket, message: Message): Outstanding {
    const { kills, maxInflight } = this.#world
    const packetId = packet.messageId!
    const before = this.outstanding.get(packetId)
    if (before) this.#reuse(before, packet, message)
    const now = { message, packet, line: this.line, kills, received: false, released: false, answered: false }
    this.outstanding.set(packetId, now)
    const unanswered = [...this.outstanding.values()].filter((one) => one.line === this.line && !one.answered)
    if (unanswered.length > maxInflight) this.#fault(`${unanswered.length} messages in flight`, message)
    return now
  }

  #reuse(before: Outstanding, { messageId, dup, qos, retain }: IPublishPacket, message: Message): void {
    const { kills } = this.#world
    const isSame = before.message === message && before.packet.qos === qos && before.packet.retain === retain
    const forgotten = before.packet.qos === 1 && kills > before.kills
    if (before.answered) {
      if (
        isSame &&
        !dup &&
        before.line !== this.line &&
        message.times === 1 &&
        !forgotten &&
        !retain &&
        message.payload !== ''
      ) {
        this.#fault(`packet id ${messageId} again, without DUP`, message)
      }
      return
    }
    const of = nameOf(before.message)
    if (before.line === this.line) this.#fault(`packet id ${messageId} is in use for ${of}`, message)
    else if (before.released) this.#fault(`PUBLISH ${messageId} after PUBREL of ${of}`, message)
    else if (!(isSame && dup) && !forgotten)
      this.#fault(`packet id ${messageId} was that of ${of}, DUP ${dup}`, message)
  }

  // ── what must have come ──

  /** What is missing when everything was given time to come, and all that came was answered. */
  missing(): string[] {
    const missing: string[] = []
    for (const message of this.#world.messages.values()) {
      const copies = this.#copies.get(message)
      const isOwed = this.#isOwed(message)
      if (!copies) {
        if (isOwed) missing.push(`lost: ${nameOf(message)}`)
      } else if (
        copies.qos1 + copies.qos2 > 0 &&
        !copies.answered &&
        (isOwed || copies.firstKills === this.#world.kills)
      ) {
        missing.push(`not repeated: ${nameOf(message)}`)
      }
    }
    for (const [packetId, { packet, answered, kills, message }] of this.outstanding) {
      const forgotten = packet.qos === 1 && this.#world.kills > kills // it comes again with another one
      if (!answered && !forgotten) missing.push(`not repeated: packet id ${packetId}, ${nameOf(message)}`)
    }
    for (const [packetId, { message }] of this.sending) missing.push(`not answered: ${packetId}, ${nameOf(message)}`)
    for (const span of this.#spans) missing.push(...this.#retainedMissing(span))
    return missing
  }

  #isOwed(message: Message): boolean {
    if (message.qos === 0 || !message.certain || message.payload === '') return false
    return this.#spans.some(
      ({ filter, qos, sure, until }) =>
        qos > 0 &&
        sure < message.from &&
        message.by < until &&
        (this.#dropped.get(filter) ?? -1) < sure &&
        topicMatches(filter, message.topic),
    )
  }

  /** [MQTT-3.3.1-6], where it is clear which message it was. */
  #retainedMissing({ filter, qos, from, connectedAt, sure, until }: Span): string[] {
    if (qos === 0 || sure === NEVER || until < NEVER) return []
    return this.#world.retainedAt(filter, from).flatMap((candidates) => {
      const [message] = candidates
      if (candidates.length !== 1 || !message?.certain || message.qos === 0 || message.payload === '') return []
      if (message.by >= from) return [] // perhaps published behind the SUBSCRIBE
      const copies = this.#copies.get(message)
      // what came in that connection before the SUBSCRIBE, or was in flight, is not sent again
      return copies && copies.last > connectedAt ? [] : [`retained message missing for ${filter}: ${nameOf(message)}`]
    })
  }

  #fault(what: string, message?: Message): void {
    if (!message) {
      this.#world.fault(this.clientid, what)
      return
    }
    const { qos, retain, topic, from, by } = message
    const about = `${nameOf(message)} (QoS ${qos}${retain ? ', retain' : ''}, ${topic}, ${from}–${by})`
    this.#world.fault(this.clientid, `${about}: ${what}`, nameOf(message))
  }
}

interface Arrival {
  readonly packet: IPublishPacket
  readonly copies: Copies
  /** The receiver knows it by its packet id. */
  readonly isRepeated: boolean
}

interface Counted extends Omit<Arrival, 'packet'> {
  readonly qos: 0 | 1 | 2
  readonly dup: boolean
}
