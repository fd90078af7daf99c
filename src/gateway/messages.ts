// `messages TOPIC`: what the journal holds of a topic or filter.

import { duration } from '../config/values.ts'
import type { HookEvent } from '../model/event.ts'
import { topicMatches } from '../model/topic.ts'
import type { Journal } from '../queue/journal.ts'
import { eventForEyes } from './event-for-eyes.ts'
import { atLeastOne, filterIn, parseWords, usage } from './words.ts'

/** Rows read at a time; between two reads the broker goes on. A row may be a megabyte. */
const PAGE = 100
const DEFAULT_LIMIT = 100

interface Wanted {
  readonly filter: string
  /** Wall time, ms. */
  readonly since: number
  readonly limit: number
}

/** The newest `--limit` messages, oldest first. @throws HoldfastError USAGE */
export async function messages(
  journal: Pick<Journal, 'events' | 'lastSeq'>,
  args: readonly string[],
): Promise<readonly Record<string, unknown>[]> {
  const { filter, since, limit } = parse(args)
  const found: HookEvent[] = []
  for await (const page of newestFirst(journal)) {
    if (page.every(({ at }) => at < since)) break
    for (const event of page.reverse()) {
      if (event.hook !== 'message.publish' || event.at < since || !topicMatches(filter, event.topic)) continue
      if (found.push(event) === limit) return shown(found)
    }
  }
  return shown(found)
}

function shown(newestFirst: readonly HookEvent[]): Record<string, unknown>[] {
  return newestFirst.toReversed().map((event) => {
    const { hook, ...rest } = eventForEyes(event)
    return rest
  })
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

function parse(args: readonly string[]): Wanted {
  const { values, positionals } = parseWords(args, {
    since: { type: 'string' },
    limit: { type: 'string', default: String(DEFAULT_LIMIT) },
  })
  const since = values.since === undefined ? 0 : moment(values.since)
  return { filter: filterIn(positionals), since, limit: atLeastOne(values.limit) }
}

function moment(text: string): number {
  const ago = duration.read(text, { etcDir: '' })
  if (!('fault' in ago)) return Date.now() - ago.value
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw usage(`expected a time such as 2h or 2026-11-21T10:00 behind --since, not '${text}'`)
  return at
}
