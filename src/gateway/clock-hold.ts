// `clock.wait_for_sync`: on a board without a battery clock, rows wait for the right time, but not for ever.

import type { Forward } from '../forward/forward.ts'
import type { Logger } from '../log/logger.ts'
import type { Clock } from '../system/clock.ts'

const LOOK_MS = 1000

interface HoldOptions {
  readonly clock: Clock
  readonly forward: Forward
  /** 0: never waits */
  readonly forMs: number
  readonly log: Logger
}

export async function holdUntilClockIsSet({ clock, forward, forMs, log }: HoldOptions): Promise<{ cancel(): void }> {
  if (clock.trusted() || forMs === 0) return { cancel() {} }
  await forward.hold(true)
  log.warn({ forMs }, 'lanes_wait_for_the_clock')
  const until = clock.monotonic() + forMs
  const timer = setInterval(() => {
    if (!clock.trusted() && clock.monotonic() < until) return
    clearInterval(timer)
    log.info({ trusted: clock.trusted() }, 'lanes_wait_no_longer')
    void forward.hold(false)
  }, LOOK_MS)
  return { cancel: () => clearInterval(timer) }
}
