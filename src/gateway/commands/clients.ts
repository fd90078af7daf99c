// `clients` and `client …`: who is connected, who may come back, and what they wait for.

import type { ClientInfo } from '../../broker/broker.ts'
import { HoldfastError } from '../../model/errors.ts'
import { type Column, command } from './command.ts'
import { type Candidate, onOff, required, word } from './parameter.ts'
import { flag, integer, listOf, oneOf, orNull, record, text, time } from './schema.ts'

const CLIENT = {
  clientid: text(),
  state: oneOf(['connected', 'away'], 'away: a session waits for it'),
  since: time('of the connect, or of the end of the last connection'),
  address: orNull(text()),
  username: orNull(text()),
  listener: orNull(text()),
  protocol: orNull(oneOf(['3.1', '3.1.1'])),
  keepalive: orNull(integer('seconds')),
  clean: flag('its session ends with its connection'),
  subscriptions: integer(),
  inflight: integer('messages on their way to it that it has not acknowledged'),
  waiting: integer('messages that wait for it'),
} as const

const SUBSCRIPTION = record({ filter: text(), qos: integer() })

const clientid = (connected: boolean) =>
  required(word("a client's id"), 'CLIENTID', 'Client id', {
    *candidates({ broker }): Iterable<Candidate> {
      for (const client of connected ? broker.clients() : broker.sessions()) {
        yield { word: client.clientid, doc: client.peerhost ?? 'away' }
      }
    },
  })

const clients = command('clients', {
  summary: 'the connected clients; with --all those that are away, too',
  parameters: { all: onOff('Also sessions whose clients are away') },
  result: listOf(record(CLIENT)),
  columns: Object.keys(CLIENT).map((key): Column => (key === 'since' ? { key, as: 'ago' } : { key })),
  run: ({ broker }, { all }) => (all ? broker.sessions() : broker.clients()).map(row),
})

const show = command('client show', {
  summary: 'one client, with its subscriptions',
  parameters: { clientid: clientid(false) },
  result: record({ ...CLIENT, subscriptions: listOf(SUBSCRIPTION) }),
  run({ broker }, input) {
    const client = find(broker.sessions(), input.clientid)
    const subscriptions = [...(broker.subscriptions(client.clientid) ?? [])].map(([filter, { qos }]) => ({
      filter,
      qos,
    }))
    return { ...row(client), subscriptions }
  },
})

const kick = command('client kick', {
  summary: 'close its connection; its session stays',
  parameters: { clientid: clientid(true) },
  result: record({ kicked: text() }),
  will: (_, input) =>
    `Closes the connection of ${input.clientid}. Its session stays, and it may connect again at once.`,
  did: ({ kicked }) => `The connection of ${kicked} is closed.`,
  run({ broker }, input) {
    const client = find(broker.sessions(), input.clientid)
    if (client.connected && broker.kick(client.clientid)) return { kicked: client.clientid }
    throw new HoldfastError('NO_SUCH_CLIENT', `client '${client.clientid}' is not connected`, {
      hint: 'it has a session that waits for it; `clients --all` lists those, too',
    })
  },
})

const forget = command('client forget', {
  summary: 'drop the session of a client that is away',
  parameters: { clientid: clientid(false) },
  result: record({ clientid: text(), subscriptions: integer(), waiting: integer('messages that waited for it') }),
  asks: true,
  will({ broker }, input) {
    const { clientid, subscriptions, waiting } = findAway(broker.sessions(), input.clientid)
    return `Drops the session of ${clientid}, with its subscriptions (${subscriptions}) and the messages that wait for it (${waiting}). When it comes back it begins anew. Databases get every message all the same.`
  },
  did: ({ clientid, subscriptions, waiting }) =>
    `The session of ${clientid} is gone, with its subscriptions (${subscriptions}) and the messages that waited for it (${waiting}).`,
  async run({ broker, log }, input, { who, from }) {
    const { clientid, subscriptions, waiting } = findAway(broker.sessions(), input.clientid)
    await broker.forget(clientid)
    log.info({ clientid, who, from }, 'session_dropped')
    return { clientid, subscriptions, waiting }
  },
})

export const CLIENT_COMMANDS = [clients, show, kick, forget]

function find(all: readonly ClientInfo[], clientid: string): ClientInfo {
  const found = all.find((client) => client.clientid === clientid)
  if (found) return found
  throw new HoldfastError('NO_SUCH_CLIENT', `there is no client '${clientid}', and no session of one`, {
    hint: '`clients --all` lists them',
  })
}

function findAway(all: readonly ClientInfo[], clientid: string): ClientInfo {
  const client = find(all, clientid)
  if (!client.connected) return client
  throw new HoldfastError('CONNECTED', `client '${clientid}' is connected`, { hint: '`client kick` it before' })
}

function row({ clientid, connected, since, peerhost, ...rest }: ClientInfo) {
  const state = connected ? ('connected' as const) : ('away' as const)
  return { clientid, state, since: new Date(since).toISOString(), address: peerhost, ...rest }
}
