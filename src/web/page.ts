// The page's files. What is served is listed at the start, so there is no path to walk out of the folder by.

import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { pageFiles, readPageFile } from '../gateway/page-files.ts'
import { HoldfastError } from '../model/errors.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
}

/** Compressed files lie beside the plain ones. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

/** A name with a hash of its content is for ever: `app-3fk20x9q.js`. */
const HASHED = /-[\w-]{8,}\.\w+$/

/** @param app answers everything that is nothing else */
export function servePage(app: FastifyInstance): void {
  const files = pageFiles()
  app.get('/*', (request, reply) => send(request, reply, files))
}

/** @throws HoldfastError NOT_FOUND */
function send(request: FastifyRequest, reply: FastifyReply, files: ReadonlySet<string>): FastifyReply {
  const path = request.url.split('?')[0]!
  const file = path === '/' ? '/index.html' : path
  const type = TYPES[extname(file)]
  if (type === undefined || !files.has(file)) throw notFound(path, files)
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const [encoding, ending] = ENCODINGS.find(([name, end]) => accepted.includes(name) && files.has(file + end)) ?? []
  const content = readPageFile(file + (ending ?? ''))
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
  reply.headers({ etag, vary: 'accept-encoding', 'cache-control': HASHED.test(file) ? IMMUTABLE : 'no-cache' })
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  if (encoding !== undefined) reply.header('content-encoding', encoding)
  return reply.type(type).send(content)
}

const IMMUTABLE = 'public, max-age=31536000, immutable'

function notFound(path: string, files: ReadonlySet<string>): HoldfastError {
  if (path === '/' && files.size === 0) {
    return new HoldfastError('NOT_FOUND', 'the page is not built', { hint: '/openapi.json describes the API' })
  }
  return new HoldfastError('NOT_FOUND', `there is no GET ${path.slice(0, 100)}`)
}
