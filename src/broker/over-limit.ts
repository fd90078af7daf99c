// What a client asked for that is more than it may have, or took longer than it may.

/** Which limit it went over. */
export type LimitName =
  /** No CONNECT came within mqtt.connect_timeout. */
  | 'connect_timeout'
  /** Nothing came within one and a half keepalives [MQTT-3.1.2-24]. */
  | 'keepalive'
  /** A packet over mqtt.max_packet_size, or a CONNECT over what one can hold. */
  | 'packet_size'
  /** A packet that was not complete, while all such packets held more than mqtt.max_unfinished. */
  | 'unfinished'
  /** A topic or filter with more levels than mqtt.max_topic_levels. */
  | 'topic_levels'
  /** More half-done QoS 2 messages than mqtt.max_awaiting_rel. */
  | 'awaiting_rel'
  /** A filter more than mqtt.max_subscriptions: it is refused, the connection stays. */
  | 'subscriptions'
  /** A message faster than mqtt.max_publish_rate: its acknowledgement waited. */
  | 'publish_rate'

/** The connection ends by it. */
export class OverLimit extends Error {
  readonly limit: LimitName

  constructor(limit: LimitName, message: string) {
    super(message)
    this.limit = limit
  }
}

/** What aedes says of its own limits. */
const OF_AEDES: Readonly<Record<string, LimitName>> = {
  'connect did not arrive in time': 'connect_timeout',
  'keep alive timeout': 'keepalive',
  'topic has too many levels': 'topic_levels',
}

export function limitOf(error: Error): LimitName | undefined {
  return error instanceof OverLimit ? error.limit : OF_AEDES[error.message]
}
