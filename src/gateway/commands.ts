// The commands that a person or a program may give a running gateway: the same words on every face.

import type { LaneStatus } from '../forward/forward.ts'
import { BackendError, HoldfastError } from '../model/errors.ts'
import { clients, kick, showClient } from './clients.ts'
import type { Gateway } from './gateway.ts'
import { messages } from './messages.ts'
import { statusOf } from './status.ts'
import { topics } from './topics.ts'
import { integer, one, usage } from './words.ts'

export interface Commands {
  /** @param words e.g. ['lane', 'pause', 'pgsql.pool1']. @throws HoldfastError */
  run(words: readonly string[]): Promise<unknown>
}

interface CommandSpec {
  /** What follows the command's words. */
  readonly usage: string
  readonly summary: string
  run(gateway: Gateway, args: readonly string[]): unknown
}

const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  status: { usage: '', summary: 'everything at a glance', run: statusOf },
  'plugins list': {
    usage: '',
    summary: 'the backends that have a file, and which are loaded',
    run: (g) => g.plugins.list(),
  },
  'plugins load': { usage: 'NAME', summary: 'load emqx_backend_<kind>', run: (g, args) => g.plugins.load(one(args)) },
  'plugins unload': {
    usage: 'NAME',
    summary: 'unload it; what waits in its lanes stays',
    run: (g, args) => g.plugins.unload(one(args)),
  },
  'plugins reload': { usage: 'NAME', summary: 'read its file again', run: (g, args) => g.plugins.reload(one(args)) },
  pools: {
    usage: '',
    summary: 'the configured pools and how they are',
    run: ({ forward }) => forward.lanes().map(poolRow),
  },
  'pool test': { usage: 'POOL', summary: 'connect and ping', run: testPool },
  lanes: { usage: '', summary: 'every lane: mode, cursor, lag', run: ({ forward }) => forward.lanes().map(laneRow) },
  'lane pause': { usage: 'POOL', summary: 'hold a lane', run: (g, args) => g.forward.pause(g.poolId(one(args))) },
  'lane resume': {
    usage: 'POOL',
    summary: 'let it go on; a blocked lane tries at once',
    run: (g, args) => g.forward.resume(g.poolId(one(args))),
  },
  'lane skip': { usage: 'POOL --to SEQ', summary: 'give up what waits up to and with SEQ', run: skipLane },
  'dead list': {
    usage: '[POOL]',
    summary: 'dead letters, newest last',
    run: (g, args) => g.deadLetters.list(args[0] === undefined ? undefined : g.poolId(one(args))),
  },
  'dead show': {
    usage: 'ID',
    summary: 'one, with its event',
    run: (g, args) => g.deadLetters.show(integer(one(args))),
  },
  'dead retry': { usage: 'ID|all', summary: 'send it again', run: (g, args) => g.deadLetters.retry(idOrAll(args)) },
  'dead drop': { usage: 'ID|all', summary: 'forget it', run: (g, args) => g.deadLetters.drop(idOrAll(args)) },
  reload: {
    usage: '',
    summary: 'read users, access rules and certificates again',
    run: (gateway) => gateway.reloadAccess(),
  },
  clients: { usage: '[--all]', summary: 'the connected clients; with --all those that are away, too', run: clients },
  'client show': { usage: 'CLIENTID', summary: 'one, with its subscriptions', run: showClient },
  'client kick': { usage: 'CLIENTID', summary: 'close its connection; its session stays', run: kick },
  topics: {
    usage: '[FILTER] [--limit N]',
    summary: 'what is subscribed to and what is retained',
    run: topics,
  },
  messages: {
    usage: 'TOPIC [--since TIME] [--limit N]',
    summary: 'the newest messages in the journal; TIME as 2h or an ISO date',
    run: (gateway, args) => messages(gateway.journal, args),
  },
  storage: { usage: '', summary: 'the journal and the disk', run: (gateway) => statusOf(gateway).storage },
  clock: { usage: '', summary: 'is the time to be trusted?', run: (gateway) => statusOf(gateway).clock },
}

/** One line a command, for `--help`. */
export const COMMAND_HELP: string = Object.entries(COMMANDS)
  .map(([words, { usage, summary }]) => `  ${`${words} ${usage}`.padEnd(42)} ${summary}`)
  .join('\n')

export function commandsOf(gateway: Gateway): Commands {
  return {
    async run(words) {
      for (const length of [2, 1]) {
        const name = words.slice(0, length).join(' ')
        if (Object.hasOwn(COMMANDS, name)) return runOne(gateway, name, words.slice(length))
      }
      const all = Object.keys(COMMANDS)
      const near = all.filter((name) => name.startsWith(`${words[0]} `))
      throw new HoldfastError('UNKNOWN_COMMAND', `there is no command '${words.join(' ')}'`, {
        hint: `commands: ${(near.length > 0 ? near : all).join(', ')}`,
      })
    },
  }
}

async function runOne(gateway: Gateway, name: string, args: readonly string[]): Promise<unknown> {
  const { usage: expected, run } = COMMANDS[name]!
  try {
    if (expected === '' && args.length > 0) throw usage(`'${name}' takes no arguments`)
    return (await run(gateway, args)) ?? { done: true }
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'USAGE') throw error
    throw new HoldfastError('USAGE', error.message, { hint: `${name} ${expected}`.trimEnd() })
  }
}

function poolRow({ pool, state, since, exactlyOnce, error, warnings }: LaneStatus): Record<string, unknown> {
  const why = error && `${error.code}: ${error.message}${error.hint === null ? '' : ` (${error.hint})`}`
  return { pool, state, since: new Date(since).toISOString(), exactlyOnce, error: why, warnings }
}

function laneRow({ pool, mode, waitingFor, cursor, lag, forwarded, deadLetters, ratePerSecond }: LaneStatus): unknown {
  return { pool, mode, waitingFor, cursor, lag, forwarded, deadLetters, ratePerSecond }
}

async function testPool(gateway: Gateway, args: readonly string[]): Promise<unknown> {
  const id = gateway.poolId(one(args))
  try {
    return { pool: id, ok: true, ...(await gateway.forward.test(id)) }
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    return { pool: id, ok: false, class: error.errorClass, code: error.code, error: error.message, hint: error.hint }
  }
}

async function skipLane(gateway: Gateway, args: readonly string[]): Promise<unknown> {
  const [name, option, seq, ...rest] = args
  if (name === undefined || option !== '--to' || rest.length > 0) throw usage('expected a pool and --to SEQ')
  const id = gateway.poolId(name)
  await gateway.forward.skip(id, integer(seq))
  return { pool: id, skippedTo: integer(seq) }
}

const idOrAll = (args: readonly string[]): number | 'all' => (one(args) === 'all' ? 'all' : integer(one(args)))
