// The keys of `holdfast.conf`: types, defaults and what they are for.

import { secret } from '../config/secret.ts'
import type { Settings, SettingsSpec } from '../config/spec.ts'
import {
  bytes,
  choice,
  duration,
  durationBetween,
  flag,
  integer,
  listenAddress,
  matching,
  notExpected,
  orInfinity,
  orWord,
  path,
  readableFile,
  text,
  type ValueType,
  verification,
} from '../config/values.ts'
import { LOG_LEVELS } from '../log/logger.ts'

const MAX_CONNECTIONS = {
  type: integer({ min: 1 }),
  default: '10000',
  doc: 'Clients that the listener serves at a time',
} as const

const ORIGINS = /^https?:\/\/[^\s,/]+(\s*,\s*https?:\/\/[^\s,/]+)*$/

function plainListener(port: number) {
  return {
    named: {
      '': { type: listenAddress(port), required: true, doc: 'Where to listen' },
      max_connections: MAX_CONNECTIONS,
    },
  } as const
}

function tlsListener(port: number) {
  return {
    named: {
      ...plainListener(port).named,
      certfile: { type: readableFile, required: true, doc: 'Certificate to show to clients' },
      keyfile: { type: readableFile, required: true, doc: 'Its private key' },
      key_password: { type: secret, doc: 'Password of keyfile, if it has one' },
      cafile: { type: readableFile, doc: "Certificates that sign clients' certificates", alias: ['cacertfile'] },
      verify: { type: verification, default: 'off', doc: 'Refuse a client without a certificate signed by cafile' },
      use_identity_as_username: {
        type: flag,
        default: 'off',
        doc: "The CN of a client's certificate is its user name, and needs no password; goes with verify = on",
      },
      min_version: { type: choice('1.2', '1.3'), default: '1.2', doc: 'Oldest version of TLS' },
      ciphers: { type: text, doc: "OpenSSL's list of cipher suites, for clients that know only weaker ones" },
    },
  } as const
}

const WEB_SOCKET = {
  path: { type: matching(/^\/[^?#\s]*$/, 'a path such as /mqtt'), default: '/mqtt', doc: 'Path of the URL' },
  origins: {
    type: orWord(matching(ORIGINS, 'origins by comma such as https://panel.example.com'), '*'),
    default: '*',
    doc: 'Pages whose scripts may connect, as the browser names their origin, by comma; * for all',
  },
} as const

/** Who may log in to the page and the console. */
export const OPERATORS_FILE = 'operators'
/** They need not be there. */
export const DEFAULT_FILES = { users: 'passwd', acl: 'acl.conf' } as const

const WINDOWS =
  /^(always|([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d(\s*,\s*([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)*)$/

/** Files that end in .conf are shown, and kept with each version of the configuration. */
const withheldPath: ValueType<string> = {
  expected: 'a path that does not end in .conf',
  read: (written, context) =>
    written.endsWith('.conf') ? { fault: notExpected(withheldPath.expected, written) } : path.read(written, context),
}

export const GATEWAY_SETTINGS = {
  'node.name': {
    type: text,
    default: 'holdfast@127.0.0.1',
    doc: 'Name of this gateway in the databases and in $SYS',
    atStart: true,
  },

  'listener.tcp.*': plainListener(1883),
  'listener.ssl.*': tlsListener(8883),
  'listener.ws.*': { named: { ...plainListener(8083).named, ...WEB_SOCKET } },
  'listener.wss.*': { named: { ...tlsListener(8084).named, ...WEB_SOCKET } },

  'mqtt.max_connections': {
    type: orInfinity(integer({ min: 1 })),
    default: 'infinity',
    doc: 'Clients at a time, over all listeners',
  },
  'mqtt.connect_timeout': {
    type: durationBetween('1s', '1h'),
    default: '10s',
    doc: "Longest wait for a client's CONNECT, and for the handshakes of TLS and WebSocket before it",
  },
  'mqtt.max_packet_size': { type: bytes, default: '1MB', doc: 'Largest packet that a client may send' },
  'mqtt.max_unfinished': {
    type: orInfinity(bytes),
    default: '64MB',
    doc: 'Packets that have begun to come and are not complete, of all clients together',
  },
  'mqtt.max_clientid_len': {
    type: integer({ min: 1, max: 65535 }),
    default: '256',
    doc: 'Longest client id, in bytes',
  },
  'mqtt.max_inflight': {
    type: integer({ min: 1, max: 32_767 }), // half of the packet ids: a former run's may be in use beside these
    default: '32',
    doc: 'Messages on their way to one subscriber that it has not acknowledged yet',
  },
  'mqtt.max_offline': {
    type: orInfinity(integer({ min: 0 })),
    default: '10000',
    doc: 'Messages kept for one session while its client is away',
  },
  'mqtt.max_offline_age': {
    type: orInfinity(duration),
    default: 'infinity',
    doc: 'How long a message waits for a session',
  },
  'mqtt.session_expiry': {
    type: orInfinity(duration),
    default: '7d',
    doc: 'How long a session without clean start outlives its connection',
  },
  'mqtt.max_sessions': {
    type: orInfinity(integer({ min: 0 })),
    default: '20000',
    doc: 'Sessions without clean start, those whose clients are away included',
  },
  'mqtt.max_subscriptions': {
    type: orInfinity(integer({ min: 1 })),
    default: '4096',
    doc: 'Filters of one session; further ones are refused',
  },
  'mqtt.max_topic_levels': { type: integer({ min: 1, max: 100 }), default: '100', doc: 'Most levels of a topic' },
  'mqtt.max_awaiting_rel': {
    type: integer({ min: 1, max: 65_535 }),
    default: '1000',
    doc: 'QoS 2 messages of one publisher that it has not released yet',
  },
  'mqtt.max_publish_rate': {
    type: orInfinity(integer({ min: 1 })),
    default: 'infinity',
    doc: 'Messages a second of one client; a faster one is acknowledged later',
  },
  'mqtt.max_keepalive': {
    type: orInfinity(durationBetween('1s', '65535s')),
    default: 'infinity',
    doc: 'Longest keepalive; a client that asks for a longer one, or for none, gets this one',
  },
  'mqtt.max_retained': {
    type: orInfinity(integer({ min: 0 })),
    default: '200000',
    doc: 'Topics with a retained message; a message of one more is delivered, and not retained',
  },
  'mqtt.max_retained_bytes': {
    type: orInfinity(bytes),
    default: '64MB',
    doc: 'Names and payloads of all retained messages, which are held in memory',
  },

  'auth.anonymous': {
    type: orWord(flag, 'auto'),
    default: 'auto',
    doc: 'May clients connect without a user name? auto: as long as there are no users',
    alias: ['allow_anonymous'],
  },
  'auth.file': {
    type: withheldPath,
    default: DEFAULT_FILES.users,
    doc: 'Users and their hashed passwords; `holdfast passwd` writes it',
  },
  'auth.admins': { type: text, default: '', doc: 'Users by comma who may read $SYS from everywhere' },
  'auth.max_tries': {
    type: orInfinity(integer({ min: 1 })),
    default: '5',
    doc: 'Wrong passwords for one name from one address before it has to wait; or infinity',
  },
  'auth.max_tries_per_address': {
    type: orInfinity(integer({ min: 1 })),
    default: '100',
    doc: 'Wrong passwords from one address, whatever the names, before it has 10 tries a minute; or infinity',
  },
  'acl.file': {
    type: path,
    default: DEFAULT_FILES.acl,
    doc: 'Who may publish and subscribe what, as mosquitto writes it: user, topic and pattern lines',
  },
  'acl.nomatch': {
    type: choice('allow', 'deny'),
    default: 'allow',
    doc: 'What no line of the acl file names: allow or deny',
    alias: ['acl_nomatch'],
  },
  'acl.deny_action': {
    type: choice('ignore', 'disconnect'),
    default: 'ignore',
    doc: 'A message that its client may not publish: ignore (it is acknowledged and dropped) or disconnect',
    alias: ['acl_deny_action'],
  },

  'queue.max_bytes': { type: bytes, default: '1GB', doc: 'Largest size of the queue on disk' },
  'queue.reserve': { type: bytes, default: '64MB', doc: 'Disk space that the queue leaves free' },
  'queue.full': {
    type: choice('refuse', 'drop_oldest'),
    default: 'refuse',
    doc: 'When the queue is full: refuse (publishers get no acknowledgement and keep their messages) or drop_oldest',
  },
  'queue.commit_window': {
    type: orWord(duration, 'auto'),
    default: 'auto',
    doc: 'Longest wait for more messages before a commit: auto, or a duration such as 20ms',
  },
  'queue.retain': {
    type: duration,
    default: '24h',
    doc: 'How long messages stay after every database has them, for local reads and for a database that was set back',
  },

  'forward.batch': { type: integer({ min: 1, max: 10_000 }), default: '1000', doc: 'Most events in one transaction' },
  'forward.backoff_max': {
    type: duration,
    default: '60s',
    doc: 'Longest wait between two attempts to reach a database',
  },
  'forward.rate': {
    type: orInfinity(integer({ min: 1 })),
    default: 'infinity',
    doc: 'Most events a second to one database',
  },
  'forward.schedule': {
    type: matching(WINDOWS, 'always, or times of day by comma such as 22:00-06:00'),
    default: 'always',
    doc: 'When to send: always, or local times of day by comma such as 22:00-06:00,12:00-13:00',
  },
  'recall.deadline': { type: duration, default: '2s', doc: 'Longest wait for a database when messages are fetched' },
  'clock.wait_for_sync': {
    type: duration,
    default: '5m',
    doc: 'How long rows wait for the right time on a board without a battery clock; 0s never waits',
    atStart: true,
  },

  'web.listen': {
    type: orWord(listenAddress(8080), 'off'),
    default: '127.0.0.1:8080',
    doc: 'Where the page, its API and metrics listen, or off',
  },
  'web.tls': {
    type: choice('auto', 'off', 'own', 'files'),
    default: 'auto',
    doc: 'TLS of the page: own (a certificate that the gateway makes), files, off, or auto: own, but off on a loopback address',
  },
  'web.certfile': { type: readableFile, doc: 'Certificate of the page, where web.tls = files' },
  'web.keyfile': { type: readableFile, doc: 'Its private key' },
  'web.hosts': {
    type: text,
    default: '',
    doc: 'Names by comma that the page is called by, beside its addresses and the name of the machine',
  },
  'web.metrics': {
    type: orWord(flag, 'token'),
    default: 'on',
    doc: 'Serve /metrics: on (to whoever reaches the listener), token (to who has one), or off',
  },
  'web.session_idle': {
    type: durationBetween('1m', '24d'),
    default: '30m',
    doc: 'A session of the page that nobody uses for so long ends',
  },
  'web.session_max': {
    type: durationBetween('1m', '24d'),
    default: '12h',
    doc: 'A session of the page ends after so long at the latest',
  },
  'web.max_connections': { type: integer({ min: 4 }), default: '256', doc: 'Connections to the page at a time' },
  'web.max_connections_per_address': {
    type: integer({ min: 1 }),
    default: '100',
    doc: 'Connections to the page from one address at a time',
  },
  'web.max_requests': {
    type: orInfinity(integer({ min: 1 })),
    default: '3000',
    doc: 'Requests to the page a minute from one address; or infinity',
  },
  'web.max_body': { type: bytes, default: '4MB', doc: 'Largest request to the page' },
  'serial.port': {
    type: orWord(text, 'off'),
    default: 'off',
    doc: 'Serial line of the console, such as /dev/ttyGS0, or off',
  },
  'serial.baud': { type: integer({ min: 300, max: 4_000_000 }), default: '115200', doc: 'Its speed' },
  'console.idle': {
    type: orInfinity(duration),
    default: '10m',
    doc: 'Who is logged in to the console is logged out after so long without a key; or infinity',
  },

  'stop.deadline': {
    type: durationBetween('1s', '1h'),
    default: '10s',
    doc: 'Longest time to stop in; what does not end by then is cut off',
  },
  'config.history': {
    type: integer({ min: 2, max: 1000 }),
    default: '50',
    doc: 'Versions of the configuration that are kept',
  },
  'log.level': { type: choice(...LOG_LEVELS), default: 'info', doc: `One of ${LOG_LEVELS.join(', ')}` },
  'log.buffer': {
    type: bytes,
    default: '256KB',
    doc: 'Newest lines of the log that are kept in memory, to be looked at',
  },
  'sys.interval': {
    type: durationBetween('1s', '24d'),
    default: '60s',
    doc: 'Time between two publications of the figures below $SYS',
  },
} as const satisfies SettingsSpec

export type GatewaySettings = Settings<typeof GATEWAY_SETTINGS>
