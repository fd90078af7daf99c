// PUT /updates/NAME brings a bundle, whole or piece by piece (Content-Range): over a slow line no request takes longer than one may. DELETE
// drops it. `update install NAME` looks into it, and only then is anything written.

import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Gateway } from '../gateway/gateway.ts'
import type { Piece } from '../gateway/update/brought.ts'
import { HoldfastError } from '../model/errors.ts'
import { assertMayChange } from './caller.ts'

const TYPE = 'application/octet-stream'

interface Named {
  Params: { readonly name: string }
  Body: unknown
}

/** @param app answers below /api/v1, and knows who calls */
export function serveBundles(app: FastifyInstance, { updates }: Gateway): void {
  app.addContentTypeParser(TYPE, (_, payload, done) => done(null, payload)) // as a stream, with a bound of its own
  app.put<Named>('/updates/:name', (request) => {
    assertMayChange(request.caller!, { recentLogin: true })
    if (!(request.body instanceof Readable)) throw new HoldfastError('USAGE', `expected a bundle, as ${TYPE}`)
    return updates.take(request.params.name, request.body, pieceOf(request))
  })
  app.delete<Named>('/updates/:name', (request, reply) => {
    assertMayChange(request.caller!, { recentLogin: true })
    updates.drop(request.params.name)
    return reply.code(204).send()
  })
}

/** @throws HoldfastError USAGE */
function pieceOf({ headers }: FastifyRequest): Piece {
  const length = headers['content-length'] === undefined ? null : Number(headers['content-length'])
  const range = headers['content-range']
  if (range === undefined) return { from: 0, to: length, total: length }
  const [, from, last, total] = (/^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(range) ?? []).map(Number)
  if (from !== undefined && from <= last! && last! < total!) return { from, to: last! + 1, total: total! }
  throw new HoldfastError('USAGE', `Content-Range: expected 'bytes FIRST-LAST/TOTAL', not '${range}'`)
}
