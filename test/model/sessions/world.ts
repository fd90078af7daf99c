// What the model knows of the whole: a clock that counts what was seen, what was published, what is wrong.

import { writeFileSync } from 'node:fs'
import { topicMatches } from '../../../src/model/topic.ts'

/** Counts what the test sent and received, in its own order. */
export type Tick = number
export const NEVER: Tick = Number.POSITIVE_INFINITY

/** A PUBLISH of a client, or a will. */
export interface Message {
  readonly publisher: string
  /** Counts the publisher's messages. */
  readonly n: number
  readonly topic: string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  /** Tells the message; empty for one that clears a retained one. */
  readonly payload: string
  /** When it can have been published: not before `from`, not after `by`. */
  from: Tick
  by: Tick
  /** It was published for certain: its publisher has the acknowledgement. */
  certain: boolean
  /** PUBLISHes that may be messages of their own: a repeated one of QoS 1 is [MQTT-4.3.2-1]. */
  times: number
}

export class World {
  now: Tick = 0
  /** kill -9s of the gateway. */
  kills = 0
  readonly maxInflight: number
  /** By payload; those that clear have none. */
  readonly messages = new Map<string, Message>()
  /** Messages with the retain flag by topic, as they were sent. */
  readonly retained = new Map<string, Message[]>()
  readonly faults: string[] = []
  /** What the gateway did for us before this is on disk: it acknowledged something that we asked for later. */
  durable: Tick = 0
  /** The gateway is being ended, or was. */
  endsAt: Tick = NEVER
  readonly #history: string[] = []
  readonly #counts = new Map<string, number>()

  constructor(maxInflight: number) {
    this.maxInflight = maxInflight
  }

  message(publisher: string, more: Pick<Message, 'topic' | 'qos' | 'retain'>, padding: number | undefined): Message {
    const n = (this.#counts.get(publisher) ?? 0) + 1
    this.#counts.set(publisher, n)
    const payload = padding === undefined ? '' : `${publisher}:${n}:${'x'.repeat(padding)}`
    const message = { ...more, publisher, n, payload, from: NEVER, by: NEVER, certain: false, times: 1 }
    if (payload !== '') this.messages.set(payload, message)
    return message
  }

  /** It is about to be sent. */
  published(message: Message): void {
    if (message.from < NEVER) return
    message.from = this.now
    const { topic } = message
    if (message.retain) this.retained.set(topic, [...(this.retained.get(topic) ?? []), message])
  }

  /** There is an acknowledgement, or one of what was sent behind it. */
  acknowledged(message: Message): void {
    message.by = Math.min(message.by, this.now)
    message.certain = true
  }

  /** Messages that a SUBSCRIBE at `at` may find retained; of each topic. */
  retainedAt(filter: string, at: Tick): Message[][] {
    return [...this.retained]
      .filter(([topic]) => topicMatches(filter, topic))
      .map(([, all]) =>
        all.filter((one) => !all.some((later) => later.certain && later.from > one.by && later.by < at)),
      )
  }

  /** What the gateway recorded, from its first message on. */
  audit(payloads: readonly string[]): void {
    const recorded = new Map<string, number>()
    const newest = new Map<string, number>()
    for (const payload of payloads) {
      const message = this.messages.get(payload)
      if (!message) continue
      const times = (recorded.get(payload) ?? 0) + 1
      recorded.set(payload, times)
      const { publisher, n, qos } = message
      if (times > (qos === 2 ? 1 : message.times))
        this.fault(publisher, `${nameOf(message)} is recorded ${times} times`)
      if (times > 1) continue
      const before = newest.get(publisher) ?? 0
      if (n < before) this.fault(publisher, `${nameOf(message)} is recorded after ${before}`)
      newest.set(publisher, n)
    }
    for (const message of this.messages.values()) {
      const { publisher, qos, certain, payload } = message
      if (qos > 0 && certain && !recorded.has(payload)) this.fault(publisher, `${nameOf(message)} is not recorded`)
    }
  }

  say(who: string, what: string): void {
    this.#history.push(`${String(++this.now).padStart(6)} ${who.padEnd(10)} ${what}`)
  }

  /** With what was said of those whom it concerns. */
  fault(who: string, what: string, ...about: readonly string[]): void {
    this.say(who, `FAULT ${what}`)
    if (process.env.HISTORY) writeFileSync(process.env.HISTORY, this.#history.join('\n'))
    const told = this.#history.filter(
      (line) => line.includes(` ${who} `) || line.includes(' gateway ') || about.some((one) => line.includes(one)),
    )
    this.faults.push(`${who}: ${what}\n${told.slice(-120).join('\n')}`)
  }
}

export const nameOf = ({ payload, topic }: Pick<Message, 'payload' | 'topic'>): string =>
  payload === '' ? `(clears ${topic})` : payload.replace(/:x*$/, '')
