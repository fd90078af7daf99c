// `clients` and `client …`: who is connected, who may come back, and what they wait for.

import type { ClientInfo } from '../broker/broker.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Gateway } from './gateway.ts'
import { one, parseWords, usage } from './words.ts'

export function clients({ broker }: Gateway, args: readonly string[]): readonly Record<string, unknown>[] {
  const { values, positionals } = parseWords(args, { all: { type: 'boolean' } })
  if (positionals.length > 0) throw usage(`expected nothing but --all, got '${positionals[0]}'`)
  return (values.all ? broker.sessions() : broker.clients()).map(row)
}

/** @throws HoldfastError NO_SUCH_CLIENT */
export function showClient({ broker }: Gateway, args: readonly string[]): Record<string, unknown> {
  const client = find(broker.sessions(), one(args))
  const filters = [...(broker.subscriptions(client.clientid) ?? [])].map(([filter, { qos }]) => ({ filter, qos }))
  return { ...row(client), subscriptions: filters }
}

/** @throws HoldfastError NO_SUCH_CLIENT */
export function kick({ broker }: Gateway, args: readonly string[]): Record<string, unknown> {
  const { clientid, connected } = find(broker.sessions(), one(args))
  if (connected && broker.kick(clientid)) return { kicked: clientid }
  throw new HoldfastError('NO_SUCH_CLIENT', `client '${clientid}' is not connected`, {
    hint: 'it has a session that waits for it; `clients --all` lists those, too',
  })
}

function find(all: readonly ClientInfo[], clientid: string): ClientInfo {
  const found = all.find((client) => client.clientid === clientid)
  if (found) return found
  throw new HoldfastError('NO_SUCH_CLIENT', `there is no client '${clientid}', and no session of one`, {
    hint: '`clients --all` lists them',
  })
}

function row({ clientid, connected, since, peerhost, ...rest }: ClientInfo): Record<string, unknown> {
  const state = connected ? 'connected' : 'away'
  return { clientid, state, since: new Date(since).toISOString(), address: peerhost, ...rest }
}
