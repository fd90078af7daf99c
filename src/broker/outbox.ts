// All that one session is to be sent, in order, through a window of unacknowledged messages.
// Order: what was in flight when the connection broke, then the queue, then live messages at the tail. A new
// subscription's retained and fetched messages (a Run) go before the live ones that match it, and hold up no others.
// Invariant: a message of QoS 1 or 2 leaves the queue only into `#inflight`, and that only by its acknowledgement.
// Invariant: where the session is stored, PUBLISH and PUBREL of a QoS 2 message are written to the socket, the first time and each
// other time, when the disk knows of them, so that what follows a power cut is known to the client as the same message
// [MQTT-4.3.3-1]. What is sent behind it waits for it.

import type { Qos, Seq } from '../model/event.ts'
import { Backlog, type Entry, type HeldMemory, qosOf, seqOf, type Tally } from './backlog.ts'
import type { DropReason } from './figures.ts'
import { Inflight, type Sent, type StoredSent } from './inflight.ts'
import type { Outgoing } from './outgoing.ts'
import type { Outlet } from './outlet.ts'
import { type OwedRetained, Run, type RunOptions } from './run.ts'
import { Runs } from './runs.ts'

/** What the outboxes of one broker share. */
export interface OutboxRules {
  /** Unacknowledged messages on their way to one client. */
  readonly window: number
  /** Messages that wait for one session. */
  readonly maxWaiting: number
  readonly memory: HeldMemory
  /** The message of a row, if the journal still has it, or it is the topic's retained one. */
  load(seq: Seq, topic?: string): Outgoing | undefined
  dropped(reason: DropReason): void
}

/** What an outbox uses of the connection's outlet. */
export type Way = Pick<Outlet, 'full' | 'publish' | 'release'>

/** What an outbox asks its session, and tells it. */
export interface OutboxEvents {
  /** Asked for what waited: the client's rights may be others by now. What comes live the router has asked for. */
  mayRead(topic: string): boolean
  /** An entry was written for the first time. */
  sent(entry: Entry): void
  /** Resolves when the session is stored as it is now; absent: it is not stored at all. */
  keep?(): Promise<void>
}

/** How far a session has come, for a restart. */
export interface OutboxProgress {
  /** Each live message up to here was sent, or is among `sent`. */
  readonly cursor: Seq
  /** Nothing waits. */
  readonly caughtUp: boolean
  readonly sent: readonly StoredSent[]
  /** Seqs behind the cursor that were sent all the same: older ones waited for a fetch of their own filters. */
  readonly ahead: readonly Seq[]
  /** Filters whose retained messages are not all sent, see `OwedRetained`. */
  readonly owed: readonly (readonly [filter: string, after: string])[]
}

interface Unwritten {
  readonly sent: Sent
  /** Its PUBREL, not its PUBLISH. */
  readonly released: boolean
}

/** By 2 · retain + dup. */
const FLAGS = [false, true].flatMap((retain) => [false, true].map((dup) => ({ retain, dup })))
/** Acknowledgements come in the order of the messages [MQTT-4.6.0-2]. Who leaves one out gets so many more, until it is there or
 * the connection ends: what lies behind the gap has to be remembered. */
const MOST_AHEAD = 1000
/** For a run that has only what waits behind it. */
const NOTHING_OWED = { source: (async function* () {})(), owed: new Map() }

export class Outbox {
  readonly #rules: OutboxRules
  readonly #events: OutboxEvents
  #outlet: Way | undefined
  #queue: Backlog
  readonly #runs = new Runs()
  /** Live messages that wait, in the queue and behind the runs. */
  readonly #waitingLive: Tally = { length: 0 }
  /** Seqs that wait, or waited while there are runs: nothing is fetched that is in here. */
  readonly #waited = new Set<Seq>()
  /** Seqs and ids that are in flight, or were sent while there are runs, with the QoS: nothing is recalled that is in here. */
  readonly #known = new Map<string | Seq, Qos>()
  readonly #inflight = new Inflight()
  /** In flight, but not written: they wait for the disk. */
  #unwritten: Unwritten[] = []
  readonly #ahead = new Set<Seq>()
  #runsTurn = false
  /** Rows up to here are not kept for what is in flight. */
  #givenUp: Seq = 0
  /** Something that `progress` tells has changed since it was set to false. */
  changed = false

  constructor(rules: OutboxRules, events: OutboxEvents) {
    this.#rules = rules
    this.#events = events
    this.#queue = this.#newLine()
  }

  /** Is a connection there, its CONNACK sent? */
  get isAttached(): boolean {
    return this.#outlet !== undefined
  }

  get inflight(): number {
    return this.#inflight.size
  }

  get waiting(): number {
    let waiting = this.#waitingLive.length
    for (const run of this.#runs) waiting += run.recalled.length
    return waiting
  }

  /** A message that was just published and matches a subscription of this session. */
  push(message: Outgoing, qos: Qos): void {
    const entry: Entry = { message, qos, retain: false, live: true }
    const line = this.#runs.length === 0 ? this.#queue : this.#lineOf(message.topic)
    if (this.#runs.length > 0 && qos > 0) this.#waited.add(message.seq)
    if (line === this.#queue && line.length === 0 && this.#maySend(qos)) this.#send(entry)
    else if (qos > 0 || (this.#outlet && !this.#outlet.full)) this.#enqueue(line, entry)
    else if (this.#outlet) this.#rules.dropped('slow_subscriber') // aedes #11
  }

  /** A connection is there, its CONNACK sent: repeats what was in flight [MQTT-4.4.0-1], then goes on. */
  attach(outlet: Way): void {
    this.#outlet = outlet
    this.#inflight.fill(this.#rules.load, this.#rules.dropped)
    for (const sent of this.#inflight) {
      if (!sent.released && !this.#mayRead(sent.entry)) this.#inflight.abandon(sent)
      if (this.#inflight.get(sent.packetId) === sent) this.#writeInTurn(sent)
    }
    this.drain()
  }

  /** What is in flight for some time is not held: of clients that acknowledge nothing each would have a window of it. */
  settle(): void {
    if (this.#unwritten.length === 0) this.#inflight.hollow()
  }

  /** The connection is gone. @returns whose retained messages had not all been sent */
  detach(): OwedRetained {
    this.#outlet = undefined
    this.#unwritten = []
    this.#inflight.hollow()
    const owed: OwedRetained = new Map()
    const numbers = this.#queue.release()
    for (const run of this.#runs.clear()) {
      for (const [filter, after] of run.owed) owed.set(filter, after)
      run.recalled.release()
      for (const number of run.behind.release()) numbers.push(number)
    }
    this.#forgetKnown()
    for (const number of numbers.sort((a, b) => a - b)) this.#queue.pushNumber(seqOf(number), qosOf(number))
    return owed
  }

  /** Adds a run. That of a resumed session (no filter) goes before the queue, that of a subscription behind it. */
  recall(options: Omit<RunOptions, 'barrier'>): void {
    if (this.#runs.length === 0) this.#noteAll() // what comes while there are runs is noted as it comes
    const { filter } = options
    const earlier = filter !== undefined && options.owed.has(filter) ? this.#runs.unbegun(filter) : undefined
    if (earlier) this.#replace(earlier, options)
    else {
      const barrier = filter === undefined ? 0 : this.#queue.taken + this.#queue.length
      const behind = filter === undefined ? this.#queue : this.#newLine()
      if (filter === undefined) this.#queue = this.#newLine()
      this.#runs.add(new Run({ ...options, barrier }, behind, this.#rules.memory))
    }
    this.drain()
  }

  /** What this subscription was owed is not wanted any more, if it has not begun to come. */
  callOff(filter: string): void {
    const run = this.#runs.unbegun(filter)
    if (!run) return
    // live messages that waited for it, perhaps for another filter's sake, go in their turn
    if (run.behind.length > 0) this.#replace(run, { ...NOTHING_OWED, filter })
    else this.#runs.remove(run)
    this.drain()
  }

  #replace(run: Run, options: Omit<RunOptions, 'barrier'>): void {
    const { barrier, behind } = run
    this.#runs.replace(run, new Run({ ...options, barrier }, behind, this.#rules.memory))
  }

  /** Is this message waiting or in flight, or was it since the oldest run began? */
  knows(msgid: string, seq: Seq | undefined): boolean {
    return this.hasSent(msgid, seq, 0) || (seq !== undefined && this.#waited.has(seq))
  }

  /** Is it in flight, or was it sent since the oldest run began? With QoS 0 that counts only where no more is owed. */
  hasSent(msgid: string, seq: Seq | undefined, owed: Qos): boolean {
    const sent = this.#known.get(msgid) ?? (seq === undefined ? undefined : this.#known.get(seq))
    return sent !== undefined && (sent > 0 || owed === 0)
  }

  /** Was it recalled, and is it not acknowledged yet? */
  unacknowledged(msgid: string): boolean {
    for (const { entry } of this.#inflight) if (entry.message.msgid === msgid) return true
    return false
  }

  /** Recalled messages that are in flight, in the order of sending. */
  recalledInFlight(): Outgoing[] {
    return [...this.#inflight].filter(({ entry }) => !entry.live).map(({ entry }) => entry.message)
  }

  /** PUBACK of QoS 1, PUBCOMP of QoS 2. @returns the entry, or undefined when there is none for it. */
  acknowledge(packetId: number, qos: 1 | 2): Entry | undefined {
    const inflight = this.#inflight.get(packetId)
    if (inflight?.entry.qos !== qos) return undefined
    this.#inflight.delete(packetId)
    this.changed = true
    return inflight.entry
  }

  /** PUBREC. @returns resolves when PUBREL may leave */
  release(packetId: number): Promise<void> | undefined {
    const sent = this.#inflight.get(packetId)
    if (sent?.entry.qos !== 2) return undefined
    sent.released = true
    return this.#isToBeKept(sent) ? this.#keep([sent]) : undefined
  }

  /** Sends what may be sent: after an acknowledgement, when the socket drained, when something was recalled. */
  drain(): void {
    for (let line = this.#ready(); line; line = this.#ready()) {
      const item = line.shift()
      const entry = typeof item === 'number' ? this.#load(item) : item
      if (entry && this.#mayRead(entry)) this.#send(entry)
    }
    const run = this.#run()
    // one that has begun reads on as soon as its message is sent, so that it is noted how far it is
    if (run && (run.begun || this.#maySend(1))) {
      run.read(() => {
        this.changed = true
        this.drain()
      })
    }
  }

  progress(routed: Seq): OutboxProgress {
    const lowest = this.#lowestWaiting()
    const caughtUp = lowest === Number.POSITIVE_INFINITY
    const cursor = caughtUp ? routed : lowest - 1
    for (const seq of this.#ahead) if (seq <= cursor) this.#ahead.delete(seq)
    const owed = [...this.#runs].flatMap((run) => [...run.owed])
    return { cursor, caughtUp, sent: this.#inflight.stored(), ahead: [...this.#ahead], owed }
  }

  /** As a former run of the gateway left it; `refill` follows. */
  restore({ sent, ahead }: Pick<OutboxProgress, 'sent' | 'ahead'>): void {
    this.#inflight.restore(sent)
    for (const seq of ahead) this.#ahead.add(seq)
  }

  /** What waited when the gateway died (`seq · 4 + qos` each, in order): before what came since. */
  refill(numbers: readonly number[]): void {
    const since = this.#queue.release()
    for (const number of [...numbers, ...since]) this.#queue.pushNumber(seqOf(number), qosOf(number))
    while (this.#queue.length > this.#rules.maxWaiting) this.#dropOldestOf(this.#queue)
    this.changed = true
  }

  /** The oldest row that the journal must keep for this session; Infinity for none. */
  lowestSeq(): Seq {
    return Math.min(this.#lowestWaiting(), this.#inflight.lowestSeq(this.#givenUp))
  }

  /** What waits in rows up to `seq` is to go. What is in flight is repeated to this client as long as it is here. */
  giveUp(seq: Seq, reason: DropReason): void {
    this.#givenUp = seq
    for (const line of [this.#queue, ...[...this.#runs].map(({ behind }) => behind)]) {
      while (line.lowestSeq() <= seq) this.#drop(line, reason)
    }
  }

  #lowestWaiting(): Seq {
    let lowest = this.#queue.lowestSeq()
    for (const run of this.#runs) lowest = Math.min(lowest, run.behind.lowestSeq())
    return lowest
  }

  #load(number: number): Entry | undefined {
    const message = this.#rules.load(seqOf(number))
    if (message) return { message, qos: qosOf(number), retain: false, live: true }
    this.#rules.dropped('expired')
    return undefined
  }

  #mayRead({ message }: Entry): boolean {
    const may = this.#events.mayRead(message.topic)
    if (!may) this.#rules.dropped('forbidden_reader')
    return may
  }

  /** The run that may go on now, if any. */
  #run(): Run | undefined {
    const run = this.#runs.current()
    if (!run) {
      if (this.#known.size + this.#waited.size > 0) this.#forgetKnown()
      return undefined
    }
    return this.#queue.taken >= run.barrier ? run : undefined
  }

  /** The queue whose head goes next, if it may: the session's own and the run's take turns. */
  #ready(): Backlog | undefined {
    const queue = this.#queue.length > 0 && this.#maySend(this.#queue.headQos) ? this.#queue : undefined
    if (this.#runs.length === 0) return queue
    const line = this.#run()?.line()
    const recalled = line && this.#maySend(line.headQos) ? line : undefined
    const next = this.#runsTurn ? (recalled ?? queue) : (queue ?? recalled)
    if (next) this.#runsTurn = next === queue
    return next
  }

  /** Live messages wait behind the last run that they match. */
  #lineOf(topic: string): Backlog {
    return this.#runs.lastOf(topic)?.behind ?? this.#queue
  }

  #maySend(qos: Qos): boolean {
    return this.#outlet !== undefined && !this.#outlet.full && (qos === 0 || this.#hasWindow)
  }

  get #hasWindow(): boolean {
    const { window } = this.#rules
    return this.#inflight.size < window && this.#inflight.span < window + MOST_AHEAD
  }

  #enqueue(line: Backlog, entry: Entry): void {
    this.changed = true
    if (this.#waitingLive.length >= this.#rules.maxWaiting) this.#dropOldestOf(line)
    if (this.#outlet) {
      entry.message.keep()
      line.push(entry)
    } else line.pushNumber(entry.message.seq, entry.qos)
  }

  #dropOldestOf(line: Backlog): void {
    const full = line.length > 0 ? line : this.#anyLine()
    if (full) this.#drop(full, 'offline_full')
  }

  #drop(line: Backlog, reason: DropReason): void {
    const oldest = line.shift()
    this.#waited.delete(typeof oldest === 'number' ? seqOf(oldest) : oldest.message.seq)
    this.changed = true
    this.#rules.dropped(reason)
  }

  #anyLine(): Backlog | undefined {
    if (this.#queue.length > 0) return this.#queue
    for (const { behind } of this.#runs) if (behind.length > 0) return behind
    return undefined
  }

  #newLine(): Backlog {
    return new Backlog(this.#rules.memory, this.#waitingLive)
  }

  #send(entry: Entry): void {
    // live ones of QoS 0 would fill the memory while a window that stays shut holds up a run
    if (this.#runs.length > 0 && !(entry.live && entry.qos === 0)) {
      this.#note(entry)
      if (entry.live) this.#ahead.add(entry.message.seq)
    }
    this.changed = true
    if (entry.qos > 0) this.#writeInTurn(this.#inflight.add(entry))
    else {
      this.#outlet!.publish(entry.message, 0, 0, FLAGS[entry.retain ? 2 : 0]!)
      this.#events.sent(entry)
    }
  }

  #writeInTurn(sent: Sent): void {
    if (this.#unwritten.length === 0 && !this.#isToBeKept(sent)) this.#write(sent)
    else {
      this.#unwritten.push({ sent, released: sent.released })
      if (this.#unwritten.length === 1) void this.#writeUnwritten(this.#unwritten)
    }
  }

  async #writeUnwritten(line: Unwritten[]): Promise<void> {
    while (line.length > 0) {
      await null // all that is sent in this turn
      const now = [...line]
      await this.#keep(now.map(({ sent }) => sent))
      if (line !== this.#unwritten) return // the connection has gone: the next one writes them
      for (const { sent, released } of line.splice(0, now.length)) {
        // of a repeated one the acknowledgement may have come meanwhile
        if (this.#inflight.get(sent.packetId) === sent && sent.released === released) this.#write(sent)
      }
    }
  }

  #write(sent: Sent): void {
    const { packetId, entry, released, written } = sent
    if (released) {
      this.#outlet!.release(packetId)
      return
    }
    this.#outlet!.publish(entry.message, entry.qos, packetId, FLAGS[(entry.retain ? 2 : 0) + (written ? 1 : 0)]!)
    if (written) return
    sent.written = true
    this.#events.sent(entry)
  }

  #isToBeKept({ entry, released, onDisk }: Sent): boolean {
    if (entry.qos < 2 || this.#events.keep === undefined) return false
    return onDisk === 'nothing' || (released && onDisk === 'sent')
  }

  /** Resolves when the disk knows of them as they are now. */
  async #keep(messages: readonly Sent[]): Promise<void> {
    const changed = messages.filter((sent) => this.#isToBeKept(sent)).map((sent) => [sent, sent.released] as const)
    if (changed.length > 0) await this.#events.keep!()
    for (const [sent, released] of changed) if (sent.onDisk !== 'released') sent.onDisk = released ? 'released' : 'sent'
  }

  // What waits is in the journal, so its seq is enough; what is in flight may have left the journal.
  #noteAll(): void {
    for (const { entry } of this.#inflight) this.#note(entry)
    for (const item of this.#queue) this.#waited.add(typeof item === 'number' ? seqOf(item) : item.message.seq)
  }

  #note({ message: { msgid, seq }, qos }: Entry): void {
    if (msgid !== '') this.#known.set(msgid, higher(qos, this.#known.get(msgid)))
    if (seq > 0) this.#known.set(seq, higher(qos, this.#known.get(seq)))
  }

  #forgetKnown(): void {
    this.#known.clear()
    this.#waited.clear()
  }
}

const higher = (qos: Qos, known: Qos = 0): Qos => (qos > known ? qos : known)
