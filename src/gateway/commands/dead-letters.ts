// `dead …`: what a database refused for good.

import { HoldfastError } from '../../model/errors.ts'
import type { DeadLetter, DeadLetters } from '../../queue/journal.ts'
import { eventForEyes, JOURNAL_EVENT } from '../event-for-eyes.ts'
import type { Gateway } from '../gateway.ts'
import { command } from './command.ts'
import { anyPool } from './lanes.ts'
import { type Candidate, option, orWord, required, wholeNumber } from './parameter.ts'
import { integer, listOf, record, text, time } from './schema.ts'

const LETTER = {
  id: integer(),
  pool: text(),
  seq: integer('of its event in the journal'),
  binding: integer('number of the hook that it came from'),
  code: text(),
  message: text('what the database said'),
  operation: text('as it would have been run'),
  at: time('when it was put aside'),
} as const

const LIST_LIMIT = 100
/** Letters that completion offers. */
const OFFERED = 50

const candidates = function* ({ journal }: Gateway): Iterable<Candidate> {
  for (const { id, pool, code } of journal.deadLetters.list({ limit: OFFERED })) {
    yield { word: String(id), doc: `${pool} ${code}` }
  }
}
const one = required(wholeNumber(), 'ID', "The letter's number", { candidates })
const oneOrAll = required(orWord(wholeNumber(), 'all'), 'ID|all', "The letter's number, or all of them", { candidates })

const list = command('dead list', {
  summary: 'dead letters, newest last',
  parameters: {
    pool: anyPool,
    limit: option(wholeNumber({ min: 1 }), 'N', `At most so many (${LIST_LIMIT})`),
    after: option(wholeNumber(), 'ID', 'Only those behind this one'),
  },
  result: listOf(record(LETTER)),
  columns: ['id', 'pool', { key: 'at', as: 'ago' }, 'seq', 'code', 'message', 'operation'],
  run: (gateway, { pool, limit = LIST_LIMIT, after = 0 }) =>
    gateway.journal.deadLetters
      .list({ limit, after, ...(pool !== undefined && { pool: gateway.poolId(pool) }) })
      .map(row),
})

const show = command('dead show', {
  summary: 'one dead letter, with its event',
  parameters: { id: one },
  result: record({ ...LETTER, event: JOURNAL_EVENT, action: text('of the hook, as JSON') }),
  run({ journal }, { id }) {
    const letter = journal.deadLetters.show(id)
    if (!letter)
      throw new HoldfastError('NOT_FOUND', `there is no dead letter ${id}`, { hint: '`dead list` lists them' })
    const { event, boundTo, ...rest } = letter
    return { ...row(rest), event: eventForEyes(event), action: JSON.stringify(boundTo.action) }
  },
})

const retry = command('dead retry', {
  summary: 'send it again',
  parameters: { id: oneOrAll },
  result: record({ retried: integer() }),
  will: (gateway, { id }) => `Puts ${named(gateway, id)} behind what waits in its lane, to be sent once more.`,
  did: ({ retried }) => `${letters(retried)} behind what waits in the lane.`,
  run: async ({ journal }, { id }) => ({
    retried: await each(journal.deadLetters, id, (one) => journal.deadLetters.retry(one)),
  }),
})

const drop = command('dead drop', {
  summary: 'forget it',
  parameters: { id: oneOrAll },
  result: record({ dropped: integer() }),
  asks: true,
  will: (gateway, { id }) => `Forgets ${named(gateway, id)}: it will never be in its database.`,
  did: ({ dropped }) => `${letters(dropped)} forgotten.`,
  run: async ({ journal }, { id }) => ({
    dropped: await each(journal.deadLetters, id, (one) => journal.deadLetters.drop(one)),
  }),
})

export const DEAD_LETTER_COMMANDS = [list, show, retry, drop]

const row = ({ at, ...letter }: DeadLetter) => ({ ...letter, at: new Date(at).toISOString() })

const letters = (count: number): string => (count === 1 ? '1 dead letter is' : `${count} dead letters are`)

function named({ journal }: Gateway, id: number | 'all'): string {
  return id === 'all' ? `all ${journal.deadLetters.count()} dead letters` : `dead letter ${id}`
}

/** One page after the other, so that any number of letters is gone through. */
async function each(from: DeadLetters, ids: number | 'all', act: (id: number) => Promise<void>): Promise<number> {
  if (ids !== 'all') {
    await act(ids)
    return 1
  }
  let done = 0
  let page: readonly DeadLetter[] = from.list()
  while (page.length > 0) {
    for (const { id } of page) await act(id)
    done += page.length
    page = from.list({ after: page.at(-1)!.id })
  }
  return done
}
