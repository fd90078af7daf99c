// The commands as resources below /api/v1: the words of a command are its path, `lane pause` is /api/v1/lane/pause.
//   GET  /clients?all=true            a command that only reads: its result
//   GET  /messages?topic=a/%23&follow=1   what comes, as server-sent events `item`, of a command that knows what comes
//   POST /lane/pause {"pool": "p"}    any command: {"result": …, "did": "…"}
//   POST /lane/pause?dry=1 {…}        what it would do: {"will": "…", "asks": false}; it is not done

import { gzipSync } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { COMMANDS, type Command, inputSchema, usageOf } from '../gateway/commands.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { HoldfastError } from '../model/errors.ts'
import { assertMayChange } from './caller.ts'
import { problem, problemOf, sendProblem } from './problem.ts'
import { eventOf, type Stream, type Streams } from './streams.ts'

export const pathOf = ({ name }: Command): string => `/${name.replaceAll(' ', '/')}`

type Values = Readonly<Record<string, unknown>>

const BY_PATH: ReadonlyMap<string, Command> = new Map(COMMANDS.map((command) => [pathOf(command), command]))

/**
 * One route for all of them: each of its own would take 70 KB.
 * @param app answers below /api/v1, and knows who calls
 */
export function serveCommands(app: FastifyInstance, gateway: Gateway, streams: Streams): void {
  app.post<Asked>('/*', (request) => post(commandOf(request), gateway, request))
  app.get<Asked>('/*', (request, reply) => {
    const command = commandOf(request)
    if (command.changes) return onlyPost(command, reply)
    const { follow, ...input } = request.query
    if (!isSet(follow)) return gateway.commands.run(command.name, input, request.caller!)
    const gone = new AbortController()
    const items = gateway.commands.follow(command.name, input, gone.signal)
    const stream = streams.open(request, reply)
    stream.gone.addEventListener('abort', () => gone.abort())
    return void send(items, stream)
  })
  app.get('/commands', ({ headers }, reply) => {
    if (!String(headers['accept-encoding'] ?? '').includes('gzip')) return COMMANDS.map(described)
    reply.headers({ 'content-encoding': 'gzip', vary: 'accept-encoding' }).type('application/json; charset=utf-8')
    return reply.send(declarationsPacked())
  })
  app.post<{ Body: unknown }>('/complete', ({ body }) => {
    const { words } = objectOf(body)
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return gateway.commands.complete(words)
    throw new HoldfastError('USAGE', 'words: expected a list of texts, the last one as far as it is typed')
  })
}

let packed: Buffer | undefined

/** The page asks for them first of all, and they are 80 KB: as they are for everybody, and hold nothing of anybody, they are packed once. */
const declarationsPacked = (): Buffer => {
  packed ??= gzipSync(JSON.stringify(COMMANDS.map(described)))
  return packed
}

interface Asked {
  Querystring: Values
  Params: { readonly '*': string }
  Body: unknown
}

/** @throws HoldfastError NOT_FOUND */
function commandOf({ params, method }: FastifyRequest<Asked>): Command {
  const command = BY_PATH.get(`/${params['*']}`)
  if (command) return command
  throw new HoldfastError('NOT_FOUND', `there is no ${method} /api/v1/${params['*'].slice(0, 100)}`, {
    hint: '/openapi.json describes the API',
  })
}

async function post(command: Command, gateway: Gateway, request: FastifyRequest<Asked>) {
  const { name, changes, asks = false, did } = command
  const input = objectOf(request.body)
  const { dry, ...unknown } = request.query
  for (const key of Object.keys(unknown)) {
    throw new HoldfastError('USAGE', `'${key}' stands behind the ?; of a POST it belongs into the body`)
  }
  const caller = request.caller!
  if (isSet(dry)) return { will: await gateway.commands.preview(name, input, caller), asks }
  if (changes) assertMayChange(caller, command)
  const result = await gateway.commands.run(name, input, caller)
  return { result, did: did?.(result, input as never) ?? null }
}

const isSet = (value: unknown): boolean => value !== undefined && value !== '0'

async function send(items: AsyncIterable<unknown>, stream: Stream): Promise<void> {
  try {
    for await (const item of items) await stream.send(eventOf('item', item))
  } catch (error) {
    stream.offer(eventOf('problem', problemOf(error)))
  }
  stream.end()
}

function objectOf(body: unknown): Values {
  if (body === undefined) return {}
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Values
  throw new HoldfastError('USAGE', 'expected a JSON object in the body')
}

function onlyPost(command: Command, reply: FastifyReply): FastifyReply {
  reply.header('allow', 'POST')
  return sendProblem(reply, problem(405, 'METHOD', `'${command.name}' changes something`, 'POST it'))
}

/** What a page needs to make a form of it. */
function described(command: Command) {
  const { name, summary, help = null, changes, asks = false, columns = null, parameters, follow } = command
  return {
    ...{ name, path: pathOf(command), usage: usageOf(command), summary, help, changes, asks, columns },
    follows: follow !== undefined,
    parameters: Object.entries(parameters).map(([key, { label, doc, kind, required, candidates }]) => ({
      ...{ key, label, doc, kind, required, completes: candidates !== undefined },
      schema: inputSchema(command).properties?.[key],
    })),
    result: command.result,
  }
}
