// Who sends a request: the operator of a session, or a program with a token.

import type { FastifyRequest } from 'fastify'
import type { Gateway } from '../gateway/gateway.ts'
import type { Login, Logins } from '../gateway/logins.ts'
import { setupFirst } from '../gateway/operators.ts'
import { HoldfastError } from '../model/errors.ts'
import { assertOrigin } from './guard.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Null before it is asked for, and on routes that are open to everybody. */
    caller: WebCaller | null
  }
}

export interface WebCaller {
  readonly who: string
  readonly from: string
  /** May it change something? */
  readonly mayChange: boolean
  /** Of a browser. */
  readonly session: Login | undefined
}

/** The cookie's name: browsers take `__Host-…` only with `Secure`, from the host itself, for all paths. */
export const cookieName = (secure: boolean): string => (secure ? '__Host-holdfast' : 'holdfast')

/** @throws HoldfastError LOGIN, SETUP, CROSS_SITE */
export function callerOf(request: FastifyRequest, gateway: Gateway): WebCaller {
  const from = `http ${request.ip}`
  const [, secret] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (secret !== undefined) {
    const token = gateway.tokens.find(secret)
    if (!token)
      throw new HoldfastError('TOKEN', 'there is no such token', { hint: '`tokens` lists those that there are' })
    return { who: `token ${token.name}`, from, mayChange: token.may === 'all', session: undefined }
  }
  const session = sessionOf(request, gateway.logins)
  if (session) {
    assertOrigin(request)
    return { who: session.operator.name, from, mayChange: true, session }
  }
  if (gateway.operators.setupCode !== undefined) throw setupFirst()
  throw new HoldfastError('LOGIN', 'who are you?', {
    hint: 'log in by POST /api/v1/session, or send a token: `Authorization: Bearer …`',
  })
}

/** So long after a login it may be somebody else who sits there. */
const RECENT_MS = 15 * 60_000

/** @param recentLogin a login must be so. @throws HoldfastError FORBIDDEN, LOGIN_OLD */
export function assertMayChange({ who, mayChange, session }: WebCaller, { recentLogin = false }): void {
  if (!mayChange) throw new HoldfastError('FORBIDDEN', `${who} may only read`)
  if (recentLogin && session && performance.now() - session.beganAt > RECENT_MS) {
    throw new HoldfastError('LOGIN_OLD', 'your login is too long ago for this', { hint: 'log out and in again' })
  }
}

export function sessionOf(request: FastifyRequest, logins: Logins): Login | undefined {
  const cookie = request.cookies[cookieName(request.protocol === 'https')]
  return cookie === undefined ? undefined : logins.use(cookie)
}
