// `topics`: what is subscribed to, and what is retained. Topics of single messages are not listed: the journal has them by the million.

import { topicMatches } from '../../model/topic.ts'
import type { Gateway } from '../gateway.ts'
import { command } from './command.ts'
import { option, optional, topicFilter, wholeNumber } from './parameter.ts'
import { integer, listOf, record, text, time } from './schema.ts'

const DEFAULT_LIMIT = 100

const topics = command('topics', {
  summary: 'what is subscribed to and what is retained',
  help: 'With a filter: only what it matches, subscriptions by their text. Both lists are by name.',
  parameters: {
    filter: optional(topicFilter, 'FILTER', 'Only what it matches'),
    limit: option(wholeNumber({ min: 1 }), 'N', `Most lines of each list (${DEFAULT_LIMIT})`),
  },
  result: record({
    filters: integer('all there are'),
    retainedTopics: integer('all there are'),
    subscribed: listOf(record({ filter: text(), subscribers: integer() })),
    retained: listOf(record({ topic: text(), bytes: integer(), qos: integer(), from: text(), at: time() })),
  }),
  run({ broker, store }, { filter = '#', limit = DEFAULT_LIMIT }) {
    const filters = [...subscribersOf(broker)].filter(([one]) => filter === '#' || topicMatches(filter, one))
    const retained = store.retained.match(filter)
    const first = <T>(all: T[], name: (one: T) => string): T[] =>
      all.sort((a, b) => (name(a) < name(b) ? -1 : 1)).slice(0, limit)
    return {
      filters: filters.length,
      retainedTopics: retained.length,
      subscribed: first(filters, ([one]) => one).map(([one, subscribers]) => ({ filter: one, subscribers })),
      retained: first(retained, ({ topic }) => topic).map(({ topic, payload, qos, from, at }) => ({
        ...{ topic, bytes: payload.length, qos, from, at: new Date(at).toISOString() },
      })),
    }
  },
})

export const TOPIC_COMMANDS = [topics]

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
