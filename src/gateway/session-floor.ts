// The sessions hold the rows that they still need. When that leaves no room for what comes, they give way: a client that has
// been away for a week must not make the gateway refuse the whole site. And what is older than `mqtt.max_offline_age` goes.

import type { Broker } from '../broker/broker.ts'
import type { Logger } from '../log/logger.ts'
import type { Seq } from '../model/event.ts'
import type { Journal } from '../queue/journal.ts'

const EVERY_MS = 1000
/** Room is made when so much of `queue.max_bytes` is used, … */
const FULL = 0.9
/** … by so much of what the sessions hold. */
const STEP = 0.1

export interface SessionFloorOptions {
  readonly journal: Journal
  readonly broker: Broker
  readonly clock: { now(): number }
  /** Of what waits for a session; may be Infinity. */
  readonly maxAgeMs: () => number
  readonly log: Logger
}

/** Until the timer is cleared. */
export function keepSessionFloor({ journal, broker, clock, maxAgeMs, log }: SessionFloorOptions): NodeJS.Timeout {
  return setInterval(() => {
    journal.assertWhole() // else the process ends, and is started again: a lane that stood still for ever would be worse
    const floor = broker.floor()
    const { full, bytes, maxBytes, forwardedUpTo } = journal.stats()
    const isShort = full !== null || bytes > FULL * maxBytes
    if (isShort && floor <= forwardedUpTo) {
      const upTo = Math.min(floor + Math.ceil((journal.lastSeq - floor) * STEP), forwardedUpTo)
      log.warn({ from: floor, upTo, why: full ?? 'queue.max_bytes' }, 'sessions_give_way')
      broker.giveUp(upTo, 'no_room')
    }
    const ageMs = maxAgeMs()
    if (ageMs < Number.POSITIVE_INFINITY && floor <= journal.lastSeq) {
      broker.giveUp(lastBefore(journal, clock.now() - ageMs, floor), 'expired')
    }
    journal.setFloor('sessions', broker.floor())
  }, EVERY_MS)
}

/** @returns the seq of the newest event before `time`, looked for from `from` on; one below that when there is none */
function lastBefore(journal: Journal, time: number, from: Seq): Seq {
  let [below, above] = [from - 1, Math.max(from, journal.lastSeq + 1)]
  while (above - below > 1) {
    const middle = below + Math.floor((above - below) / 2)
    const event = journal.events(middle - 1, 1)[0] // seqs have gaps
    if (event && event.at < time) below = middle
    else above = middle
  }
  return below
}
