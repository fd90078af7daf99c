// GET /backups/NAME takes a backup home, PUT /backups/NAME brings one; `backup` makes one, `restore` puts it back. All secrets of
// the gateway are in such a file: who asks must have logged in lately, and is in the log.

import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Gateway } from '../gateway/gateway.ts'
import { HoldfastError } from '../model/errors.ts'
import { assertMayChange } from './caller.ts'

const TYPE = 'application/gzip'

interface Named {
  Params: { readonly name: string }
  Body: unknown
}

/** @param app answers below /api/v1, and knows who calls */
export function serveBackups(app: FastifyInstance, { backups }: Gateway): void {
  app.addContentTypeParser(TYPE, (_, payload, done) => done(null, payload)) // as a stream, with a bound of its own
  const pathIn = ({ params, caller }: FastifyRequest<Named>): string => {
    assertMayChange(caller!, { recentLogin: true })
    return backups.pathOf(params.name, caller!)
  }
  app.get<Named>('/backups/:name', (request, reply) => {
    const path = pathIn(request)
    backups.assertThere(path)
    backups.say('backup_read', path, request.caller!)
    reply.header('content-disposition', `attachment; filename="${request.params.name}"`)
    return reply.type(TYPE).send(createReadStream(path))
  })
  app.put<Named>('/backups/:name', (request) => {
    const path = pathIn(request)
    if (request.body instanceof Readable) return backups.take(path, request.body, request.caller!)
    throw new HoldfastError('USAGE', `expected a backup, as ${TYPE}`)
  })
}
