// Wall time, time since boot, and whether the wall time can be believed. Boards have no battery clock: until the network
// has told the time, the wall clock shows some moment of the past.
//
// Node cannot ask the kernel (adjtimex) whether its clock is synchronised. What can be seen from outside is taken:
//   - systemd-timesyncd touches /run/systemd/timesync/synchronized at its first synchronisation of this boot;
//   - chrony keeps /run/chrony/chronyd.pid, and its drift file only changes when it follows a source: its mtime within
//     this boot tells;
//   - a machine with a battery clock (/sys/class/rtc/rtc0), or that is no board at all (it has no device tree: PCs and
//     virtual machines get the time from their firmware or host), is believed, if the year is plausible;
//   - the operator may say so (`trust()`).

import fs from 'node:fs'

export type ClockSource = 'ntp' | 'hardware' | 'operator' | 'none'

export interface Clock {
  /** Wall time, ms. */
  now(): number
  /** ms since boot; never jumps. */
  monotonic(): number
  trusted(): boolean
  source(): ClockSource
  /** The operator has set the clock. */
  trust(): void
  /** The kernel's name for this boot. */
  readonly boot: string
}

/** The clock was certainly set before this program was made, so an earlier time is none. */
const EARLIEST = Date.UTC(2026, 0)
const LOOK_EVERY_MS = 1000
const SYNCHRONISED = '/run/systemd/timesync/synchronized'
const CHRONY_PID = '/run/chrony/chronyd.pid'
const CHRONY_DRIFT = '/var/lib/chrony/chrony.drift'
const BATTERY_CLOCK = '/sys/class/rtc/rtc0'
const DEVICE_TREE = '/proc/device-tree'

// performance.now() is several times cheaper than hrtime, and runs on the same clock
const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** ms since boot (CLOCK_MONOTONIC). */
export function monotonic(): number {
  return originMs + performance.now()
}

export function bootId(): string {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return 'unknown'
  }
}

export function systemClock(): Clock {
  let source: ClockSource = 'none'
  let lookedAt = Number.NEGATIVE_INFINITY
  const look = (): ClockSource => {
    const now = performance.now()
    if (source === 'none' && now - lookedAt >= LOOK_EVERY_MS) {
      lookedAt = now
      source = observe()
    }
    return source
  }
  return {
    now: Date.now,
    monotonic,
    trusted: () => look() !== 'none',
    source: look,
    trust() {
      source = 'operator'
    },
    boot: bootId(),
  }
}

function observe(): ClockSource {
  if (Date.now() < EARLIEST) return 'none'
  if (fs.existsSync(SYNCHRONISED)) return 'ntp'
  if (fs.existsSync(CHRONY_PID)) return changedInThisBoot(CHRONY_DRIFT) ? 'ntp' : 'none'
  return fs.existsSync(BATTERY_CLOCK) || !fs.existsSync(DEVICE_TREE) ? 'hardware' : 'none'
}

function changedInThisBoot(file: string): boolean {
  const changed = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs
  return changed !== undefined && changed > Date.now() - monotonic()
}
