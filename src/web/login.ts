// /api/v1/session, /setup, /password: how a browser comes to a session, and leaves it.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Gateway } from '../gateway/gateway.ts'
import type { Operator } from '../gateway/operators.ts'
import { HoldfastError } from '../model/errors.ts'
import { callerOf, cookieName, sessionOf } from './caller.ts'

/** Everybody may send it: a name, a code and two passwords of 1024 bytes, however JSON writes them. */
const LITTLE = { bodyLimit: 32 * 1024 }

/** @param app answers below /api/v1, to everybody */
export function serveLogin(app: FastifyInstance, gateway: Gateway): void {
  const { operators, logins } = gateway

  /** Whoever had a session has another one then: a cookie that somebody else put there is worth nothing. */
  const begin = (request: FastifyRequest, reply: FastifyReply, operator: Operator) => {
    end(request, reply)
    reply.setCookie(cookieName(isSecure(request)), logins.begin(operator, request.ip), cookieOptions(request))
    return { state: 'in', name: operator.name }
  }
  const end = (request: FastifyRequest, reply: FastifyReply): void => {
    const name = cookieName(isSecure(request))
    const cookie = request.cookies[name]
    if (cookie !== undefined) logins.end(cookie)
    reply.clearCookie(name, cookieOptions(request))
  }

  app.get('/session', (request) => {
    const session = sessionOf(request, logins)
    if (!session) return { state: operators.setupCode === undefined ? 'out' : 'setup' }
    const { idle, latest } = logins.endOf(session)
    const until = (moment: number): number => Math.round(moment - performance.now())
    return { state: 'in', name: session.operator.name, endsInMs: until(idle), endsAtLatestInMs: until(latest) }
  })
  app.post('/session', LITTLE, async (request, reply) => {
    const { name, password } = textsOf(request, 'name', 'password')
    return begin(request, reply, await operators.login(name, password, request.ip))
  })
  app.delete('/session', (request, reply) => {
    end(request, reply)
    return { state: 'out' }
  })
  app.post('/setup', LITTLE, async (request, reply) => {
    const { code, name, password } = textsOf(request, 'code', 'name', 'password')
    return begin(request, reply, await operators.setUp({ code, name, password }, request.ip))
  })
  app.post('/password', LITTLE, async (request, reply) => {
    const { session } = callerOf(request, gateway)
    if (!session) throw new HoldfastError('FORBIDDEN', 'a token has no password')
    const { current, password } = textsOf(request, 'current', 'password')
    const { name } = session.operator
    return begin(request, reply, await operators.changePassword(name, current, password, request.ip))
  })
}

const isSecure = ({ protocol }: FastifyRequest): boolean => protocol === 'https'

function cookieOptions(request: FastifyRequest) {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure(request) } as const
}

/** @throws HoldfastError USAGE */
function textsOf<const K extends string>({ body }: FastifyRequest, ...keys: K[]): Record<K, string> {
  const given = (body ?? {}) as Record<string, unknown>
  for (const key of keys) {
    if (typeof given[key] !== 'string') throw new HoldfastError('USAGE', `${key}: expected a text`)
  }
  return given as Record<K, string>
}
