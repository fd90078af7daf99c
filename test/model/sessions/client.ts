// One client id on the wire: connects, is cut off, takes itself over, publishes, acknowledges late or never. What it learns goes
// to its session, which judges it.

import type { IPublishPacket, Packet } from 'mqtt-packet'
import type { Random } from '../../helpers/random.ts'
import { connectPacket, publishPacket, RawClient } from '../../helpers/raw-client.ts'
import { type Outstanding, type Sending, Session } from './session.ts'
import { type Message, NEVER, nameOf, type Tick, type World } from './world.ts'

/** What it does with what comes: answers all, leaves some unanswered, or all, as long as the connection lasts. */
export type Manner = 'all' | 'some' | 'none'

/** Few, so that they are used again. */
const PACKET_IDS = 12
const SLOWEST_MS = 40

interface Will {
  readonly message: Message
  /** CONNACK came. */
  connected: Tick
  /** DISCONNECT was sent. */
  cancelled: boolean
  /** The gateway closed the connection after DISCONNECT. */
  closed: Tick
}

/** One connection. */
interface Line {
  readonly raw: RawClient
  readonly clean: boolean
  readonly manner: Manner
  readonly will: Will | undefined
  /** By packet id: SUBSCRIBE and UNSUBSCRIBE without an answer. */
  readonly asked: Map<number, (packet: Packet) => void>
  /** QoS 0 messages: the acknowledgement of a later one shows that they were published. */
  unacknowledged: Message[]
  readonly sentAt: Map<Message, Tick>
  /** When what was acknowledged last was sent, by QoS. */
  readonly acknowledged: [Tick, Tick, Tick]
  /** Packet ids whose PUBREL was sent. */
  readonly released: Set<number>
  isUp: boolean
  pings: number
}

export interface ClientOptions {
  readonly id: string
  readonly world: World
  readonly random: Random
  port(): number
}

export class Client {
  readonly id: string
  readonly #o: ClientOptions
  #line: Line | undefined
  #lines = 0
  #asks = 100
  #packetId = 0
  /** The one that a connect without clean session resumes, or that of a connection with. */
  session: Session | undefined
  /** A CONNECT was not answered, so nobody knows whether the stored session is there. */
  #isInDoubt = false
  /** Since the gateway started. */
  #wills: Will[] = []
  /** Sent, and never to be acknowledged. */
  #lost: Message[] = []

  constructor(options: ClientOptions) {
    this.#o = options
    this.id = options.id
  }

  get isUp(): boolean {
    return this.#line?.isUp === true
  }

  get isOffline(): boolean {
    return this.#line === undefined
  }

  get hasStoredSession(): boolean {
    return this.#isInDoubt || this.session?.clean === false
  }

  // ── connections ──

  /** A connection that is there already is taken over. */
  connect(clean: boolean, manner: Manner, will?: Pick<Message, 'topic' | 'qos' | 'retain'>): void {
    const { world, port } = this.#o
    this.#say(`CONNECT${clean ? ' clean' : ''} (answers ${manner})${this.#line ? ', takes over' : ''}`)
    if (this.#line) this.#leave(this.#line)
    for (const { message, cancelled, closed } of this.#wills)
      if (cancelled && closed === NEVER) world.published(message) // taken over before its DISCONNECT is read
    const raw = new RawClient(port())
    const message = will && world.message(`will-${this.id}`, will, 5)
    const line: Line = {
      raw,
      clean,
      manner,
      will: message && { message, connected: NEVER, cancelled: false, closed: NEVER },
      asked: new Map(),
      unacknowledged: [],
      sentAt: new Map(),
      acknowledged: [0, 0, 0],
      released: new Set(),
      isUp: false,
      pings: 0,
    }
    this.#line = line
    this.#lines++
    if (line.will) this.#wills.push(line.will)
    if (clean) this.#forget() // as a client does that asks for it
    raw.listener = (packet) => this.#hear(line, packet)
    raw.send(connectPacket({ clientId: this.id, clean, keepalive: 0, ...(message && { will: willOf(message) }) }))
  }

  disconnect(): void {
    const line = this.#line
    if (!line) return
    this.#say('DISCONNECT')
    if (line.will) line.will.cancelled = true
    line.raw.send({ cmd: 'disconnect' })
    this.#leave(line)
  }

  /** Without a DISCONNECT. */
  drop(): void {
    const line = this.#line
    if (!line) return
    this.#say('drops the connection')
    this.#leave(line)
    line.raw.socket.destroy()
  }

  /** The connection is not listened to any more. */
  #leave(line: Line): void {
    this.#line = undefined
    const { will, unacknowledged, isUp, clean } = line
    this.#lost.push(...unacknowledged)
    if (will && !will.cancelled) this.#o.world.published(will.message)
    if (!isUp && !clean && !this.session) this.#isInDoubt = true
    if (clean) {
      this.#lose(this.session)
      this.session = undefined
    }
  }

  /** What it published and was not told of stays so. */
  #lose(session: Session | undefined): void {
    for (const { message } of session?.sending.values() ?? []) if (message.by === NEVER) this.#lost.push(message)
    session?.sending.clear()
  }

  #forget(): void {
    if (this.hasStoredSession) this.#isInDoubt = true // until CONNACK
    this.#lose(this.session)
    this.session = new Session(this.#o.world, this.id, true)
  }

  /** All connections are gone. @param isCrash the gateway was killed */
  gatewayEnded(isCrash: boolean): void {
    const { world } = this.#o
    if (this.#line) this.#leave(this.#line)
    for (const message of this.#lost.splice(0)) message.by = world.now
    if (isCrash && this.session && !this.session.durable && this.session.connectedAt >= world.durable)
      this.#isInDoubt = true
    for (const { message, connected, cancelled, closed } of this.#wills.splice(0)) {
      if (!cancelled) message.certain = isCrash ? connected < world.durable : connected < NEVER
      else if (closed >= (isCrash ? world.durable : world.endsAt)) world.published(message) // the DISCONNECT may be forgotten, or unread
    }
  }

  /** The next gateway listens: what the last one left behind is published. */
  gatewayStarted(): void {
    const { world } = this.#o
    for (const message of world.messages.values()) {
      if (message.publisher === `will-${this.id}` && message.from < NEVER) message.by = Math.min(message.by, world.now)
    }
  }

  // ── what it does ──

  subscribe(filters: readonly (readonly [string, 0 | 1 | 2])[]): void {
    this.#say(`SUBSCRIBE ${filters.map(([filter, qos]) => `${filter} ${qos}`).join(', ')}`)
    const answered = this.session!.subscribing(filters)
    const messageId = this.#ask((packet) => {
      this.#say('SUBACK')
      if (packet.cmd === 'suback') answered(packet.granted as number[])
    })
    const subscriptions = filters.map(([topic, qos]) => ({ topic, qos }))
    this.#line!.raw.send({ cmd: 'subscribe', messageId, subscriptions })
  }

  unsubscribe(filters: readonly string[]): void {
    this.#say(`UNSUBSCRIBE ${filters.join(', ')}`)
    const answered = this.session!.unsubscribing(filters)
    const messageId = this.#ask(() => {
      this.#say('UNSUBACK')
      answered()
    })
    this.#line!.raw.send({ cmd: 'unsubscribe', messageId, unsubscriptions: [...filters] })
  }

  /** @param padding of the payload, bytes; undefined: there is none */
  publish(more: Pick<Message, 'topic' | 'qos' | 'retain'>, padding: number | undefined): void {
    const line = this.#line!
    const { sending } = this.session!
    if (sending.size === PACKET_IDS) return
    const message = this.#o.world.message(this.id, more, padding)
    if (message.qos === 0) {
      line.unacknowledged.push(message)
      this.#send(undefined, { message, received: false })
      return
    }
    do this.#packetId = (this.#packetId % PACKET_IDS) + 1
    while (sending.has(this.#packetId))
    sending.set(this.#packetId, { message, received: false })
    this.#send(this.#packetId, sending.get(this.#packetId)!)
  }

  #send(messageId: number | undefined, { message, received }: Sending): void {
    const { topic, payload, qos, retain, from } = message
    const raw = this.#line!.raw
    if (received) {
      if (this.#line!.released.has(messageId!)) return
      this.#line!.released.add(messageId!)
      this.#say(`PUBREL ${messageId}`)
      raw.send({ cmd: 'pubrel', messageId: messageId! })
      return
    }
    const dup = from < NEVER
    this.#say(
      `PUBLISH ${messageId ?? ''} ${nameOf(message)} to ${topic}, QoS ${qos}${retain ? ', retain' : ''}${dup ? ', DUP' : ''}`,
    )
    if (dup && qos === 1) message.times++
    this.#o.world.published(message)
    this.#line!.sentAt.set(message, this.#o.world.now)
    raw.send(publishPacket(topic, payload, { qos, retain, dup, ...(messageId && { messageId }) }))
  }

  /** Answers everything that it left unanswered. */
  catchUp(): void {
    for (const outstanding of this.session?.outstanding.values() ?? []) this.#answer(this.#line!, outstanding)
    for (const [messageId, sending] of this.session?.sending ?? []) if (sending.received) this.#send(messageId, sending)
  }

  ping(): void {
    this.#line!.pings++
    this.#line!.raw.send({ cmd: 'pingreq' })
  }

  /** What it has not got an answer to, and what its session misses. */
  missing(): string[] {
    const line = this.#line
    if (!line) return this.hasStoredSession ? [`${this.id} is not connected`] : []
    if (!line.isUp) return [`${this.id}: no CONNACK`]
    const asked = [...line.asked.keys()].map((messageId) => `no answer to ${messageId}`)
    if (line.pings > 0) asked.push('no PINGRESP')
    return [...asked, ...this.session!.missing()].map((what) => `${this.id}: ${what}`)
  }

  #ask(answered: (packet: Packet) => void): number {
    this.#line!.asked.set(++this.#asks, answered)
    return this.#asks
  }

  // ── what comes ──

  #hear(line: Line, packet: Packet | undefined): void {
    if (line === this.#line) {
      if (packet) this.#take(line, packet)
      else {
        this.#say('the connection ends')
        this.#leave(line)
      }
    } else if (!packet && line.will?.cancelled) line.will.closed = ++this.#o.world.now
  }

  #take(line: Line, packet: Packet): void {
    const { world } = this.#o
    switch (packet.cmd) {
      case 'connack':
        this.#connected(line, packet.sessionPresent, packet.returnCode!)
        break
      case 'publish':
        this.#published(line, packet)
        break
      case 'pubrel': {
        this.#say(`                    PUBREL ${packet.messageId}`)
        const outstanding = this.session!.release(packet.messageId!)
        if (outstanding) this.#answerLater(line, outstanding)
        else line.raw.send({ cmd: 'pubcomp', messageId: packet.messageId! })
        break
      }
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        this.#acknowledged(packet.cmd, packet.messageId!)
        break
      case 'suback':
      case 'unsuback': {
        this.session!.durable = true
        const answered = line.asked.get(packet.messageId!)
        if (!answered) world.fault(this.id, `${packet.cmd} ${packet.messageId}, which was not asked for`)
        line.asked.delete(packet.messageId!)
        answered?.(packet)
        break
      }
      case 'pingresp':
        line.pings--
        break
      default:
        world.fault(this.id, `${packet.cmd} comes`)
    }
  }

  #connected(line: Line, present: boolean, returnCode: number): void {
    const { world } = this.#o
    this.#say(`CONNACK ${returnCode}, session ${present ? 'present' : 'new'}`)
    const expected = !line.clean && this.session !== undefined
    if (returnCode !== 0) world.fault(this.id, `refused with ${returnCode}`)
    if (present && line.clean) world.fault(this.id, 'session present after a connect with clean session')
    if (present !== expected && !this.#isInDoubt) world.fault(this.id, `session present is ${present}`)
    if (!line.clean && !(present && this.session)) {
      this.#lose(this.session)
      this.session = present ? undefined : new Session(world, this.id, false)
    }
    if (!this.session) {
      this.connect(true, 'all') // there is one that it has forgotten
      return
    }
    this.#isInDoubt = false
    line.isUp = true
    if (line.will) line.will.connected = world.now
    const { session } = this
    session.line = this.#lines
    session.connected()
    for (const [messageId, sending] of session.sending) this.#send(messageId, sending)
  }

  #published(line: Line, packet: IPublishPacket): void {
    const { messageId, topic, qos, retain, dup, payload } = packet
    const flags = `${retain ? ', retain' : ''}${dup ? ', DUP' : ''}`
    this.#say(
      `                    PUBLISH ${messageId ?? ''} ${nameOf({ topic, payload: String(payload) })}, QoS ${qos}${flags}`,
    )
    const outstanding = this.session!.publish(packet)
    if (outstanding) this.#answerLater(line, outstanding)
  }

  #answerLater(line: Line, outstanding: Outstanding): void {
    const { random } = this.#o
    if (line.manner === 'none' || (line.manner === 'some' && random.next() < 0.3)) return
    const answer = (): void => {
      if (line === this.#line) this.#answer(line, outstanding)
    }
    if (random.next() < 0.6) answer()
    else setTimeout(answer, random.between(1, SLOWEST_MS))
  }

  #answer({ raw }: Line, outstanding: Outstanding): void {
    const { packet, released, received, answered, line } = outstanding
    const messageId = packet.messageId!
    const session = this.session!
    if (answered || line !== session.line || session.outstanding.get(messageId) !== outstanding) return
    if (packet.qos === 2 && !released) {
      if (received) return
      outstanding.received = true
      this.#say(`PUBREC ${messageId}`)
      raw.send({ cmd: 'pubrec', messageId })
      return
    }
    this.#say(`${packet.qos === 1 ? 'PUBACK' : 'PUBCOMP'} ${messageId}`)
    session.answered(outstanding)
    raw.send({ cmd: packet.qos === 1 ? 'puback' : 'pubcomp', messageId })
  }

  #acknowledged(cmd: 'puback' | 'pubrec' | 'pubcomp', messageId: number): void {
    const { world, random } = this.#o
    const line = this.#line!
    const sending = this.session!.sending.get(messageId)
    this.#say(`                    ${cmd.toUpperCase()} ${messageId} ${sending ? nameOf(sending.message) : ''}`)
    if (!sending || (cmd === 'puback') !== (sending.message.qos === 1)) {
      world.fault(this.id, `${cmd} ${messageId}, and nothing waits for it`)
      return
    }
    const { message } = sending
    this.session!.durable = true
    world.acknowledged(message)
    const sentAt = line.sentAt.get(message) ?? 0
    // for a repeated one of QoS 2 nothing is written
    if (message.qos === 1 || sentAt === message.from) world.durable = Math.max(world.durable, sentAt)
    if (cmd !== 'pubcomp') {
      // [MQTT-4.6.0-2, -3]
      if (sentAt < line.acknowledged[message.qos])
        world.fault(this.id, `${cmd} ${messageId} comes behind that of a later one`)
      line.acknowledged[message.qos] = sentAt
    }
    for (const one of line.unacknowledged) if (one.from < sentAt) world.acknowledged(one)
    line.unacknowledged = line.unacknowledged.filter(({ by }) => by === NEVER)
    if (cmd !== 'pubrec') {
      this.session!.sending.delete(messageId)
      line.released.delete(messageId)
    } else {
      sending.received = true
      if (line.manner === 'all' || random.next() < 0.5) this.#send(messageId, sending)
    }
  }

  #say(what: string): void {
    this.#o.world.say(this.id, what)
  }
}

const willOf = ({ topic, payload, qos, retain }: Message) => ({ topic, payload: Buffer.from(payload), qos, retain })
