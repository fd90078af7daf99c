// The sessions hold the rows that they still need. When that leaves no room for what comes, they give way: a client that has
// been away for a week must not make the gateway refuse the whole site.

import type { Broker } from '../broker/broker.ts'
import type { Logger } from '../log/logger.ts'
import type { Journal } from '../queue/journal.ts'

const EVERY_MS = 1000
/** Room is made when so much of `queue.max_bytes` is used, … */
const FULL = 0.9
/** … by so much of what the sessions hold. */
const STEP = 0.1

export interface SessionFloorOptions {
  readonly journal: Journal
  readonly broker: Broker
  readonly log: Logger
}

/** Until the timer is cleared. */
export function keepSessionFloor({ journal, broker, log }: SessionFloorOptions): NodeJS.Timeout {
  return setInterval(() => {
    journal.assertWhole() // else the process ends, and is started again: a lane that stood still for ever would be worse
    const floor = broker.floor()
    const { full, bytes, maxBytes, forwardedUpTo } = journal.stats()
    const isShort = full !== null || bytes > FULL * maxBytes
    if (isShort && floor <= forwardedUpTo) {
      const upTo = Math.min(floor + Math.ceil((journal.lastSeq - floor) * STEP), forwardedUpTo)
      log.warn({ from: floor, upTo, why: full ?? 'queue.max_bytes' }, 'sessions_give_way')
      broker.giveUp(upTo)
    }
    journal.setFloor('sessions', broker.floor())
  }, EVERY_MS)
}
