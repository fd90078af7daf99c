// The HTTP server: what holds for every request, and which part answers which path.

import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify'
import type { Gateway } from '../gateway/gateway.ts'
import { ailment } from '../gateway/health.ts'
import { HoldfastError } from '../model/errors.ts'
import { serveCommands } from './api.ts'
import { callerOf } from './caller.ts'
import { EventStreams } from './events.ts'
import { assertSameSite, isOurs } from './guard.ts'
import { serveLogin } from './login.ts'
import { openApi } from './openapi.ts'
import { problem, problemOf, sendProblem } from './problem.ts'
import { Sessions } from './sessions.ts'

const MOST_CONNECTIONS = 512
const MOST_STREAMS = 256
const MOST_BODY_BYTES = 4 * 2 ** 20
const MOST_REQUESTS_A_MINUTE = 3000
const SESSION = { idleMs: 30 * 60_000, longestMs: 12 * 3_600_000 }

/** Headers in time, the whole request in time, a connection that says nothing not for ever. */
const TIMES = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5000,
}

/** Not listening yet. */
export async function webServer(gateway: Gateway): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify({ ...options(), http: { ...TIMES, maxHeaderSize: 16 * 1024 } })
  app.server.maxConnections = MOST_CONNECTIONS
  app.removeContentTypeParser('text/plain') // a form of another site could send it
  app.setErrorHandler((error, request, reply) => {
    const found = problemOf(error)
    if (found.status === 500) gateway.log.error({ err: error, path: request.routeOptions.url }, 'web_error')
    return sendProblem(reply, found)
  })
  app.setNotFoundHandler((request, reply) => {
    const hint = request.url.startsWith('/api/') ? 'GET /openapi.json says what there is' : undefined
    return sendProblem(reply, problem(404, 'NOT_FOUND', `there is no ${request.method} ${pathOf(request.url)}`, hint))
  })
  await app.register(cookie)
  await app.register(helmet, HEADERS)
  await app.register(rateLimit, { max: MOST_REQUESTS_A_MINUTE, timeWindow: 60_000 })
  app.addHook('onRequest', async (request) => {
    if (!isOurs(request.headers.host ?? '', [])) {
      throw new HoldfastError('HOST', 'this gateway is not called so', { hint: 'use its address' })
    }
    assertSameSite(request)
  })
  app.decorateRequest('caller', null)
  const sessions = new Sessions(SESSION, (operator) => gateway.operators.holds(operator))
  const streams = new EventStreams(gateway, MOST_STREAMS)
  app.addHook('preClose', async () => {
    streams.close()
    sessions.close()
  })
  serveOpen(app, gateway)
  await app.register(async (api) => serveApi(api, gateway, { sessions, streams }), { prefix: '/api/v1' })
  return app
}

function options(): FastifyServerOptions {
  return {
    logger: false,
    keepAliveTimeout: 30_000,
    bodyLimit: MOST_BODY_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 512 },
  }
}

/** What everybody who reaches the listener may ask. */
function serveOpen(app: FastifyInstance, gateway: Gateway): void {
  app.get('/healthz', async (_, reply) => {
    const why = await ailment(gateway)
    return reply.code(why === null ? 200 : 503).send(why === null ? { state: 'ok' } : { state: 'ailing', why })
  })
  app.get('/openapi.json', (_, reply) => reply.send(openApi()))
}

async function serveApi(
  api: FastifyInstance,
  gateway: Gateway,
  { sessions, streams }: { sessions: Sessions; streams: EventStreams },
): Promise<void> {
  api.addHook('onSend', async (_, reply) => void reply.header('cache-control', 'no-store'))
  serveLogin(api, gateway, sessions)
  await api.register(async (known) => {
    known.addHook('onRequest', async (request) => {
      request.caller = callerOf(request, gateway, sessions)
    })
    serveCommands(known, gateway)
    streams.serve(known)
  })
}

const pathOf = (url: string): string => url.split('?')[0]!.slice(0, 100)

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      fontSrc: ["'self'"],
      connectSrc: ["'self'"],
      manifestSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  strictTransportSecurity: false,
} as const
