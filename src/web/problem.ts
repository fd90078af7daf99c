// Errors as RFC 9457 problem details: `{type, title, status, detail, code, hint?}`.

import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply } from 'fastify'
import { ConfigFaults, type Fault } from '../gateway/load.ts'
import { HoldfastError } from '../model/errors.ts'

export interface Problem {
  /** `urn:holdfast:<code>` */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** For programs; codes do not change. */
  readonly code: string
  /** What to do about it. */
  readonly hint?: string
  /** Of a configuration, with their places. */
  readonly faults?: readonly Fault[]
}

/** Of codes that are not about the state of the gateway (409). */
const STATUS: Readonly<Record<string, number>> = {
  USAGE: 400,
  BAD_REQUEST: 400,
  LOGIN: 401,
  TOKEN: 401,
  SETUP: 401,
  FORBIDDEN: 403,
  LOGIN_OLD: 403,
  CROSS_SITE: 403,
  UNKNOWN_COMMAND: 404,
  NOT_FOUND: 404,
  METHOD: 405,
  HOST: 421,
  TOO_LARGE: 413,
  CONFIG: 422,
  BAD_FILE: 422,
  BAD_KEY: 422,
  BAD_VALUE: 422,
  SECRET_UNKNOWN: 422,
  BAD_USER: 422,
  BAD_PASSWORD: 422,
  BAD_TOKEN: 422,
  BAD_BACKUP: 422,
  BAD_BUNDLE: 422,
  WRONG_BUNDLE: 422,
  TRIES: 429,
  BUSY: 503,
}

/** What HTTP itself found: Fastify's codes, and ours. */
const HTTP_CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  404: 'NOT_FOUND',
  408: 'TIMEOUT',
  413: 'TOO_LARGE',
  414: 'TOO_LARGE',
  415: 'NOT_JSON',
  429: 'TOO_MANY',
  431: 'TOO_LARGE',
}

export function problemOf(error: unknown): Problem {
  if (error instanceof HoldfastError) {
    const { code, message, hint } = error
    const told = problem(STATUS[code] ?? (code.startsWith('NO_SUCH_') ? 404 : 409), code, message, hint)
    return error instanceof ConfigFaults ? { ...told, faults: error.faults } : told
  }
  const { statusCode = 500, message } = error as FastifyError
  const code = HTTP_CODES[statusCode]
  if (code !== undefined) return problem(statusCode, code, message)
  return problem(500, 'INTERNAL', 'this is a defect of Holdfast', 'the log has more')
}

export function problem(status: number, code: string, detail: string, hint?: string): Problem {
  const title = STATUS_CODES[status] ?? 'Error'
  return { type: `urn:holdfast:${code}`, title, status, detail, code, ...(hint !== undefined && { hint }) }
}

export function sendProblem(reply: FastifyReply, error: Problem): FastifyReply {
  return reply.code(error.status).type('application/problem+json').send(error)
}
