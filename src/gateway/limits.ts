// From the keys of holdfast.conf to what each room calls them.

import type { ForwardLimits } from '../forward/options.ts'
import type { JournalOptions } from '../queue/journal.ts'
import type { GatewaySettings } from './settings.ts'

/** `queue.commit_window = auto`: an SD card lives from few, large commits; nobody sees 20 ms. */
const AUTO_WINDOW_MS = 20

export function journalLimits(
  settings: GatewaySettings,
): Pick<JournalOptions, 'maxBytes' | 'reserveBytes' | 'full' | 'commitWindowMs' | 'retainMs'> {
  const window = settings['queue.commit_window']
  return {
    maxBytes: settings['queue.max_bytes'],
    reserveBytes: settings['queue.reserve'],
    full: settings['queue.full'],
    commitWindowMs: window === 'auto' ? AUTO_WINDOW_MS : window,
    retainMs: settings['queue.retain'],
  }
}

export function forwardLimits(settings: GatewaySettings): ForwardLimits {
  return {
    batch: settings['forward.batch'],
    backoffMaxMs: settings['forward.backoff_max'],
    rate: settings['forward.rate'],
    schedule: settings['forward.schedule'],
  }
}
