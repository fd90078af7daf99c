// From the keys of holdfast.conf to what each room calls them.

import type { BrokerOptions } from '../broker/broker.ts'
import type { ListenerOptions } from '../broker/listeners.ts'
import type { ForwardLimits } from '../forward/forward.ts'
import type { Logger } from '../log/logger.ts'
import type { JournalOptions } from '../queue/journal.ts'
import type { RetainedLimits } from '../store/retained.ts'
import { descriptorLimit } from '../system/descriptors.ts'
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

/** Sockets that say nothing, files, databases; beside the page's connections. */
const OTHER_DESCRIPTORS = 200

/** What the keys allow, and the machine has descriptors for: without any left nothing could be written either. */
function maxConnections(settings: GatewaySettings, log: Logger): number {
  const ofListeners = listeners(settings).reduce((sum, listener) => sum + (listener.maxConnections ?? 0), 0)
  const wanted = Math.min(settings['mqtt.max_connections'], ofListeners)
  const descriptors = descriptorLimit()
  const ofPage = settings['web.listen'] === 'off' ? 0 : settings['web.max_connections']
  const possible = Math.max(1, descriptors - OTHER_DESCRIPTORS - ofPage)
  if (possible < wanted) log.warn({ wanted, possible, descriptors }, 'connections_bounded_by_descriptors')
  return Math.min(wanted, possible)
}

/** Clients that can send the largest packet at a time, whatever `mqtt.max_unfinished` is: else two would end each other for ever. */
const LARGE_AT_A_TIME = 4

export function brokerLimits(settings: GatewaySettings, log: Logger): NonNullable<BrokerOptions['limits']> {
  return {
    maxPacketSize: settings['mqtt.max_packet_size'],
    maxUnfinished: Math.max(settings['mqtt.max_unfinished'], LARGE_AT_A_TIME * settings['mqtt.max_packet_size']),
    maxClientIdLength: settings['mqtt.max_clientid_len'],
    maxInflight: settings['mqtt.max_inflight'],
    maxOffline: settings['mqtt.max_offline'],
    sessionExpiryMs: settings['mqtt.session_expiry'],
    maxTopicLevels: settings['mqtt.max_topic_levels'],
    maxConnections: maxConnections(settings, log),
    connectTimeoutMs: settings['mqtt.connect_timeout'],
    maxKeepalive: Math.ceil(settings['mqtt.max_keepalive'] / 1000),
    maxSubscriptions: settings['mqtt.max_subscriptions'],
    maxSessions: settings['mqtt.max_sessions'],
    maxInflightInbound: settings['mqtt.max_awaiting_rel'],
    maxPublishRate: settings['mqtt.max_publish_rate'],
  }
}

export function retainedLimits(settings: GatewaySettings): RetainedLimits {
  return { count: settings['mqtt.max_retained'], bytes: settings['mqtt.max_retained_bytes'] }
}

export function listeners(settings: GatewaySettings): ListenerOptions[] {
  return (['tcp', 'ssl', 'ws', 'wss'] as const).flatMap((kind) =>
    [...settings[`listener.${kind}.*`]].map(([name, keys]): ListenerOptions => {
      const { '': address, max_connections: maxConnections } = keys
      return {
        ...{ kind, name, ...address, maxConnections },
        ...('certfile' in keys && {
          certfile: keys.certfile,
          keyfile: keys.keyfile,
          keyPassword: keys.key_password?.reveal(),
          cafile: keys.cafile,
          verify: keys.verify,
          identityAsUsername: keys.use_identity_as_username,
          minVersion: keys.min_version === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
          ciphers: keys.ciphers,
        }),
        ...('path' in keys && {
          path: keys.path,
          origins: keys.origins === '*' ? undefined : keys.origins.split(/\s*,\s*/),
        }),
      }
    }),
  )
}
