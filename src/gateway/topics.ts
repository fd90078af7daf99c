// `topics`: what is subscribed to, and what is retained. Topics of single messages are not listed: the journal has them by the million.

import { topicMatches } from '../model/topic.ts'
import type { Gateway } from './gateway.ts'
import { atLeastOne, filterIn, parseWords } from './words.ts'

export interface Topics {
  readonly filters: number
  readonly retainedTopics: number
  /** The first of them, by name. */
  readonly subscribed: readonly { readonly filter: string; readonly subscribers: number }[]
  readonly retained: readonly Record<string, unknown>[]
}

const DEFAULT_LIMIT = 100

/** @param args a filter: only what it matches, filters by their text; `--limit` of each list */
export function topics({ broker, store }: Gateway, args: readonly string[]): Topics {
  const { values, positionals } = parseWords(args, { limit: { type: 'string', default: String(DEFAULT_LIMIT) } })
  const wanted = filterIn(positionals, '#')
  const limit = atLeastOne(values.limit)
  const filters = [...subscribersOf(broker)].filter(([filter]) => wanted === '#' || topicMatches(wanted, filter))
  const retained = store.retained.match(wanted)
  const first = <T>(all: T[], name: (one: T) => string): T[] =>
    all.sort((a, b) => (name(a) < name(b) ? -1 : 1)).slice(0, limit)
  return {
    filters: filters.length,
    retainedTopics: retained.length,
    subscribed: first(filters, ([filter]) => filter).map(([filter, subscribers]) => ({ filter, subscribers })),
    retained: first(retained, ({ topic }) => topic).map(({ topic, payload, qos, from, at }) => ({
      topic,
      bytes: payload.length,
      qos,
      from,
      at: new Date(at).toISOString(),
    })),
  }
}

/** Sessions by filter, connected or not. */
export function subscribersOf(broker: Gateway['broker']): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { clientid } of broker.sessions()) {
    for (const filter of broker.subscriptions(clientid)?.keys() ?? []) {
      counts.set(filter, (counts.get(filter) ?? 0) + 1)
    }
  }
  return counts
}
