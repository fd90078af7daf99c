// `pools`, `pool test`, `lanes`, `lane …`: the databases, and the way to each.

import type { LaneStatus } from '../../forward/forward.ts'
import { BACKEND_KINDS } from '../../model/binding.ts'
import { BackendError } from '../../model/errors.ts'
import { eventForEyes, JOURNAL_EVENT } from '../event-for-eyes.ts'
import type { Gateway } from '../gateway.ts'
import { applySchema } from '../schema.ts'
import { command } from './command.ts'
import { type Candidate, optional, required, requiredOption, wholeNumber, word } from './parameter.ts'
import { flag, integer, listOf, mapOf, number, oneOf, orNull, record, text, time } from './schema.ts'

const STATE = oneOf(['up', 'down', 'blocked'], 'blocked: it refuses us until somebody acts')
const MODE = oneOf(
  ['connecting', 'catching up', 'live', 'waiting', 'blocked', 'paused', 'unconfigured'],
  'unconfigured: events wait for a pool that is not in the configuration',
)
const LAG = record({ events: integer(), bytes: integer(), seconds: number('since the oldest that waits') })
const ERROR = orNull(record({ code: text(), message: text(), hint: orNull(text()) }))
const RATE = number('events a second, over the last seconds')

/** A pool in `status`. */
export const LANE = record({
  name: text(),
  kind: oneOf(BACKEND_KINDS),
  state: STATE,
  mode: MODE,
  waitingFor: orNull(oneOf(['server', 'schedule', 'clock'])),
  since: integer('when the state changed, ms since 1970'),
  error: ERROR,
  cursor: integer('everything up to this event is in the database'),
  lag: LAG,
  forwarded: integer('events since the start'),
  deadLetters: integer('since the start'),
  retries: integer('since the start'),
  ratePerSecond: RATE,
  drainEtaSeconds: orNull(number('until nothing waits, at this rate')),
  exactlyOnce: orNull(flag('null: not known before the first connect')),
  recovered: mapOf(integer(), 'what the marks have saved, since the start'),
  warnings: listOf(text()),
  counts: mapOf(integer(), 'what only this kind of database counts'),
})

const candidates = function* ({ forward }: Gateway): Iterable<Candidate> {
  for (const { pool, state } of forward.lanes()) yield { word: pool, doc: state }
}
const pool = required(word("a pool's name"), 'POOL', 'Such as pgsql.pool1, or pool1 where only one has the name', {
  candidates,
})
export const anyPool = optional(word("a pool's name"), 'POOL', "Only this pool's", { candidates })

const done = record({ pool: text(), mode: text() })

const pools = command('pools', {
  summary: 'the configured pools and how they are',
  result: listOf(
    record(
      { pool: text(), state: STATE, since: time(), exactlyOnce: orNull(flag()), warnings: listOf(text()) },
      { error: text() },
    ),
  ),
  columns: ['pool', 'state', { key: 'since', as: 'ago' }, 'exactlyOnce', 'error', 'warnings'],
  run: async ({ forward }) => (await forward.lanesNow()).map(poolRow),
})

const test = command('pool test', {
  summary: 'connect and ping',
  parameters: { pool },
  result: record(
    { pool: text(), ok: flag() },
    { ms: number(), class: text(), code: text(), error: text(), hint: text() },
  ),
  isBad: ({ ok }) => !ok,
  async run(gateway, input) {
    const id = gateway.poolId(input.pool)
    try {
      return { pool: id, ok: true, ...(await gateway.forward.test(id)) }
    } catch (error) {
      if (!(error instanceof BackendError)) throw error
      const { errorClass, code, message, hint } = error
      return { pool: id, ok: false, class: errorClass, code, error: message, ...(hint !== undefined && { hint }) }
    }
  },
})

const schema = command('pool schema', {
  summary: 'make its tables where they are missing',
  help: 'It may be repeated: what is there stays. `holdfast schema KIND` prints what is run.',
  parameters: { pool },
  result: record({ pool: text(), said: listOf(text(), 'what one should know about it') }),
  will: (gateway, input) =>
    `Makes the tables that ${gateway.poolId(input.pool)} needs on its server, where they are missing; what is there stays.`,
  did: ({ pool, said }) => [...said, `The tables of ${pool} are there.`].join(' '),
  async run(gateway, input) {
    const id = gateway.poolId(input.pool)
    const [, kind, name] = /^(\w+)\.(.*)$/.exec(id)!
    const said: string[] = []
    const { etcDir } = gateway.config.running
    await applySchema({ kind: kind!, pool: name!, etcDir, dataDir: gateway.dataDir, say: (one) => said.push(one) })
    await gateway.forward.resume(id) // it may have been blocked for want of them
    return { pool: id, said }
  },
})

const lanes = command('lanes', {
  summary: 'every lane: mode, cursor, lag',
  result: listOf(
    record({
      ...{ pool: text(), mode: MODE, waitingFor: orNull(text()), cursor: integer(), lag: LAG, forwarded: integer() },
      ...{ deadLetters: integer(), ratePerSecond: RATE },
    }),
  ),
  run: async ({ forward }) => (await forward.lanesNow()).map(laneRow),
})

const pause = command('lane pause', {
  summary: 'hold a lane',
  parameters: { pool },
  result: done,
  will: (gateway, input) =>
    `Sends nothing more to ${gateway.poolId(input.pool)} until it is resumed or the gateway starts again; events wait in the queue.`,
  did: ({ pool }) => `${pool} is paused; events wait in the queue.`,
  run: async (gateway, input) => {
    const id = gateway.poolId(input.pool)
    await gateway.forward.pause(id)
    return { pool: id, mode: 'paused' }
  },
})

const resume = command('lane resume', {
  summary: 'let it go on; a blocked lane tries at once',
  parameters: { pool },
  result: done,
  will: (gateway, input) => `Lets ${gateway.poolId(input.pool)} go on sending what waits.`,
  did: ({ pool }) => `${pool} goes on.`,
  run: async (gateway, input) => {
    const id = gateway.poolId(input.pool)
    await gateway.forward.resume(id)
    return { pool: id, mode: 'resumed' }
  },
})

const skip = command('lane skip', {
  summary: 'give up what waits up to and with SEQ',
  parameters: {
    pool,
    to: requiredOption(wholeNumber({ min: 1 }), 'SEQ', "The last event's number, as `lanes` and `messages` show it"),
  },
  result: record({ pool: text(), skippedTo: integer() }),
  asks: true,
  will(gateway, { pool, to }) {
    const id = gateway.poolId(pool)
    return `Gives up what waits for ${id} up to event ${to}: it will never be in that database.`
  },
  did: ({ pool, skippedTo }) => `What waited for ${pool} up to event ${skippedTo} is given up.`,
  async run(gateway, { pool, to }) {
    const id = gateway.poolId(pool)
    await gateway.forward.skip(id, to)
    return { pool: id, skippedTo: to }
  },
})

const show = command('lane show', {
  summary: 'one lane, and the event that it stands at',
  help: 'The first that waits for the pool. Where the lane is blocked by what an event writes, it is that event: mend the cause and `lane resume`, or `lane skip` it.',
  parameters: { pool },
  result: record({
    ...{ pool: text(), state: STATE, mode: MODE, error: ERROR, cursor: integer(), lag: LAG },
    next: orNull(JOURNAL_EVENT),
  }),
  async run(gateway, input) {
    const { forward, journal } = gateway
    const id = gateway.poolId(input.pool)
    const lane = (await forward.lanesNow()).find((one) => one.pool === id)!
    const seq = await forward.next(id)
    const event = seq === null ? undefined : journal.event(seq)
    const { pool, state, mode, error, cursor, lag } = lane
    return { pool, state, mode, error, cursor, lag, next: event ? eventForEyes(event) : null }
  },
})

export const LANE_COMMANDS = [pools, test, schema, lanes, pause, resume, skip, show]

function poolRow({ pool, state, since, exactlyOnce, error, warnings }: LaneStatus) {
  const why = error && `${error.code}: ${error.message}${error.hint === null ? '' : ` (${error.hint})`}`
  const row = { pool, state, since: new Date(since).toISOString(), exactlyOnce, warnings }
  return why === null ? row : { ...row, error: why }
}

function laneRow({ pool, mode, waitingFor, cursor, lag, forwarded, deadLetters, ratePerSecond }: LaneStatus) {
  return { pool, mode, waitingFor, cursor, lag, forwarded, deadLetters, ratePerSecond }
}
