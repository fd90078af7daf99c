// The commands as resources below /api/v1: the words of a command are its path, `lane pause` is /api/v1/lane/pause.
//   GET  /clients?all=true            a command that only reads: its result
//   POST /lane/pause {"pool": "p"}    any command: {"result": …, "did": "…"}
//   POST /lane/pause?dry=1 {…}        what it would do: {"will": "…", "asks": false}; it is not done

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { COMMANDS, type Command, inputSchema, usageOf } from '../gateway/commands.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { HoldfastError } from '../model/errors.ts'
import type { WebCaller } from './caller.ts'
import { problem, sendProblem } from './problem.ts'

export const pathOf = ({ name }: Command): string => `/${name.replaceAll(' ', '/')}`

type Values = Readonly<Record<string, unknown>>

/** @param app answers below /api/v1, and knows who calls */
export function serveCommands(app: FastifyInstance, gateway: Gateway): void {
  for (const command of COMMANDS) {
    app.post<{ Body: unknown; Querystring: Values }>(pathOf(command), (request) => post(command, gateway, request))
    if (command.changes) app.get(pathOf(command), (_, reply) => onlyPost(command, reply))
    else {
      app.get<{ Querystring: Values }>(pathOf(command), ({ query, caller }) =>
        gateway.commands.run(command.name, query, caller!),
      )
    }
  }
  app.get('/commands', () => COMMANDS.map(described))
  app.post<{ Body: unknown }>('/complete', ({ body }) => {
    const { words } = objectOf(body)
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return gateway.commands.complete(words)
    throw new HoldfastError('USAGE', 'words: expected a list of texts, the last one as far as it is typed')
  })
}

async function post(command: Command, gateway: Gateway, request: FastifyRequest) {
  const { name, changes, asks = false, did } = command
  const input = objectOf(request.body)
  const { dry, ...unknown } = request.query as Values
  for (const key of Object.keys(unknown)) {
    throw new HoldfastError('USAGE', `'${key}' stands behind the ?; of a POST it belongs into the body`)
  }
  if (dry !== undefined && dry !== '0') return { will: await gateway.commands.preview(name, input), asks }
  const caller = request.caller!
  if (changes) assertMayChange(caller)
  const result = await gateway.commands.run(name, input, caller)
  return { result, did: did?.(result, input as never) ?? null }
}

/** @throws HoldfastError FORBIDDEN */
function assertMayChange({ who, mayChange }: WebCaller): void {
  if (!mayChange) throw new HoldfastError('FORBIDDEN', `${who} may only read`)
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
  const { name, summary, help = null, changes, asks = false, columns = null, parameters } = command
  return {
    ...{ name, path: pathOf(command), usage: usageOf(command), summary, help, changes, asks, columns },
    parameters: Object.entries(parameters).map(([key, { label, doc, kind, required, candidates }]) => ({
      ...{ key, label, doc, kind, required, completes: candidates !== undefined },
      schema: inputSchema(command).properties?.[key],
    })),
    result: command.result,
  }
}
