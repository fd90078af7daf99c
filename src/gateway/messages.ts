// `messages TOPIC`: what the journal holds of a topic or filter.

import { parseArgs } from 'node:util'
import { duration } from '../config/values.ts'
import { HoldfastError } from '../model/errors.ts'
import { filterFault, topicMatches } from '../model/topic.ts'
import type { Journal } from '../queue/journal.ts'
import { eventForEyes } from './event-for-eyes.ts'

const PAGE = 1000
const DEFAULT_LIMIT = 100

/** The newest `--limit` messages, oldest first. @throws HoldfastError USAGE */
export function messages(journal: Journal, args: readonly string[]): readonly Record<string, unknown>[] {
  const { filter, since, limit } = parse(args)
  const found: Record<string, unknown>[] = []
  let after = 0
  for (;;) {
    const page = journal.events(after, PAGE)
    for (const event of page) {
      if (event.hook !== 'message.publish' || event.at < since || !topicMatches(filter, event.topic)) continue
      const { hook, ...shown } = eventForEyes(event)
      found.push(shown)
      if (found.length > limit) found.shift()
    }
    if (page.length < PAGE) return found
    after = page.at(-1)!.seq
  }
}

function parse(args: readonly string[]): { filter: string; since: number; limit: number } {
  const usage = (message: string): HoldfastError => new HoldfastError('USAGE', message)
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { since: { type: 'string' }, limit: { type: 'string', default: String(DEFAULT_LIMIT) } },
      allowPositionals: true,
    })
    const [filter, ...rest] = positionals
    if (filter === undefined || rest.length > 0) throw usage('expected one topic or filter')
    const fault = filterFault(filter)
    if (fault) throw usage(`${filter} is no topic filter: ${fault}`)
    if (!/^[1-9]\d*$/.test(values.limit)) throw usage(`expected a number behind --limit, not '${values.limit}'`)
    return { filter, since: values.since === undefined ? 0 : moment(values.since, usage), limit: Number(values.limit) }
  } catch (error) {
    throw error instanceof HoldfastError ? error : usage((error as Error).message)
  }
}

function moment(text: string, usage: (message: string) => HoldfastError): number {
  const ago = duration.read(text, { etcDir: '' })
  if (!('fault' in ago)) return Date.now() - ago.value
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw usage(`expected a time such as 2h or 2026-11-21T10:00 behind --since, not '${text}'`)
  return at
}
