// The status, once a second, and the rates that follow from it.

import type { Status } from '../../gateway/status.ts'
import { onLoggedOut } from './api.ts'
import { cell } from './cell.ts'
import { whileSeen } from './seen.ts'
import { openStream } from './stream.ts'

export type { Status }
export type Pool = Status['pools'][number]

export interface Live {
  readonly status: Status
  /** A second, over the last seconds. */
  readonly rates: { readonly received: number; readonly delivered: number }
}

export const live = cell<Live | null>(null)
/** Does it come at the moment? */
export const isConnected = cell(true)

const WINDOW_MS = 5000
/** The status comes each second; a gateway that hangs keeps its connections. */
const SILENCE_MS = 5000

interface Count {
  readonly at: number
  readonly received: number
  readonly delivered: number
}

let end = (): void => {}
let counts: Count[] = []

export function follow(): void {
  end()
  end = whileSeen(() => {
    let silence: ReturnType<typeof setTimeout> | undefined
    const heard = (): void => {
      isConnected.value = true
      clearTimeout(silence)
      silence = setTimeout(broken, SILENCE_MS)
    }
    const broken = (): void => {
      isConnected.value = false
    }
    const close = openStream('/api/v1/events', 'status', {
      opened: heard,
      came(data) {
        heard()
        take(JSON.parse(data))
      },
      broke(isRefused) {
        broken()
        if (isRefused) void onLoggedOut.call()
      },
    })
    return () => {
      close()
      clearTimeout(silence)
    }
  })
}

export function unfollow(): void {
  end()
  end = () => {}
}

function take(status: Status): void {
  const received = status.messages.received.reduce((sum, count) => sum + count, 0)
  const now = { at: status.uptimeMs, received, delivered: status.messages.delivered }
  if (now.at < (counts.at(-1)?.at ?? 0)) counts = [] // the gateway has started anew
  counts = [...counts.filter(({ at }) => now.at - at <= WINDOW_MS), now]
  const first = counts[0]!
  const seconds = (now.at - first.at) / 1000 || 1
  const rates = {
    received: (now.received - first.received) / seconds,
    delivered: (now.delivered - first.delivered) / seconds,
  }
  live.value = { status, rates }
}
