// `messages TOPIC`: what the journal holds of a topic or filter.

import { setTimeout as sleep } from 'node:timers/promises'
import type { HookEvent, Seq } from '../../model/event.ts'
import { topicMatches } from '../../model/topic.ts'
import type { Journal } from '../../queue/journal.ts'
import { eventForEyes, JOURNAL_MESSAGE } from '../event-for-eyes.ts'
import { command } from './command.ts'
import { moment, momentOf, option, required, topicFilter, wholeNumber } from './parameter.ts'
import { type Described, listOf } from './schema.ts'

/** Rows read at a time; between two reads the broker goes on. A row may be a megabyte. */
const PAGE = 100
const DEFAULT_LIMIT = 100
/** Who follows looks so often. */
const LOOK_MS = 200

const messages = command('messages', {
  summary: 'the newest messages in the journal',
  help: 'Oldest first. The journal holds messages until every database has them, and for queue.retain more. --follow goes on with what comes.',
  parameters: {
    topic: required(topicFilter, 'TOPIC', 'A topic or filter'),
    since: option(moment, 'TIME', 'Only those since then: 2h (ago), or an ISO date'),
    limit: option(wholeNumber({ min: 1 }), 'N', `At most so many (${DEFAULT_LIMIT})`),
  },
  result: listOf(JOURNAL_MESSAGE),
  async run({ journal }, input) {
    return (await newest(journal, wanted(input))).map(forEyes)
  },
  follow: {
    async *items({ journal }, input, signal) {
      const upTo = journal.lastSeq
      const before = await newest(journal, wanted(input))
      yield* before.filter(({ seq }) => seq <= upTo).map(forEyes)
      yield* coming(journal, input.topic, upTo, signal)
    },
    line: ({ at, topic, clientid, payload }: Described<typeof JOURNAL_MESSAGE>) =>
      `${at} ${topic} (${clientid}) ${payload ?? ''}`,
  },
})

export const MESSAGE_COMMANDS = [messages]

interface Wanted {
  readonly filter: string
  /** Wall time, ms. */
  readonly since: number
  readonly limit: number
}

function wanted({ topic, since, limit = DEFAULT_LIMIT }: { topic: string; since?: string; limit?: number }): Wanted {
  return { filter: topic, since: since === undefined ? 0 : momentOf(since), limit }
}

function forEyes(event: HookEvent): Described<typeof JOURNAL_MESSAGE> {
  const { hook, ...rest } = eventForEyes(event)
  return rest
}

/** Behind `seq`, as they are committed. */
async function* coming(journal: Pick<Journal, 'events'>, filter: string, seq: Seq, signal: AbortSignal) {
  for (let after = seq; !signal.aborted; ) {
    const page = journal.events(after, PAGE)
    for (const event of page) {
      if (event.hook === 'message.publish' && topicMatches(filter, event.topic)) yield forEyes(event)
    }
    after = page.at(-1)?.seq ?? after
    if (page.length < PAGE) await sleep(LOOK_MS, undefined, { signal }).catch(() => {}) // ended
  }
}

/** Oldest first. */
async function newest(journal: Pick<Journal, 'events' | 'lastSeq'>, wanted: Wanted): Promise<HookEvent[]> {
  const { filter, since, limit } = wanted
  const found: HookEvent[] = []
  for await (const page of newestFirst(journal)) {
    if (page.every(({ at }) => at < since)) break
    for (const event of page.reverse()) {
      if (event.hook !== 'message.publish' || event.at < since || !topicMatches(filter, event.topic)) continue
      if (found.push(event) === limit) return found.reverse()
    }
  }
  return found.reverse()
}

/** Pages of the journal, from its end to its beginning; each oldest first, and none empty. */
async function* newestFirst(journal: Pick<Journal, 'events' | 'lastSeq'>): AsyncGenerator<HookEvent[]> {
  const oldest = journal.events(0, 1)[0]?.seq ?? Number.POSITIVE_INFINITY
  for (let upTo = journal.lastSeq; upTo >= oldest; upTo -= PAGE) {
    const page = journal.events(upTo - PAGE, PAGE).filter(({ seq }) => seq <= upTo)
    if (page.length > 0) yield page
    await new Promise(setImmediate)
  }
}
