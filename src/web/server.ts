// The HTTP server: what holds for every request, and which part answers which path.

import cookie from '@fastify/cookie'
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import { type FastifyInstance, type FastifyRequest, type FastifyServerOptions, fastify } from 'fastify'
import type { Gateway } from '../gateway/gateway.ts'
import { ailment } from '../gateway/health.ts'
import type { GatewaySettings } from '../gateway/settings.ts'
import type { WebTls } from '../gateway/web-tls.ts'
import { networkOf, plainAddress } from '../model/network.ts'
import { serveCommands } from './api.ts'
import { serveBackups } from './backups.ts'
import { serveBundles } from './bundles.ts'
import { callerOf } from './caller.ts'
import { guardConnections } from './connections.ts'
import { serveEvents } from './events.ts'
import { assertOurs, assertSameSite } from './guard.ts'
import { serveLogin } from './login.ts'
import { METRICS_TYPE, metricsOf } from './metrics.ts'
import { openApi } from './openapi.ts'
import { servePage } from './page.ts'
import { problem, problemOf, sendProblem } from './problem.ts'
import { Streams } from './streams.ts'

/** Headers in time; looked at so often. */
const TIMES = { headersTimeout: 10_000, connectionsCheckingInterval: 5000 }
/** The whole request, with its body. Fastify's own option: it sets Node's by it, whatever that was. */
const REQUEST_MS = 60_000
const KEEP_ALIVE_MS = 30_000
/** A connection on which nothing moves; an answer that nobody reads, too. */
const SILENCE_MS = 120_000
const MOST_HEADER_BYTES = 16 * 1024
const HANDSHAKE_MS = 10_000

export interface ServerOptions {
  readonly gateway: Gateway
  /** Perhaps not in force yet. */
  readonly settings: GatewaySettings
  /** Absent: without. */
  readonly tls: WebTls | undefined
}

/** Not listening yet. */
export async function webServer(options: ServerOptions): Promise<FastifyInstance> {
  const { settings, tls } = options
  const app = makeApp(options)
  const names = namesOf(settings['web.hosts'])
  guardConnections(app.server, {
    most: settings['web.max_connections'],
    mostPerAddress: settings['web.max_connections_per_address'],
    secure: tls !== undefined,
    names,
  })
  await app.register(cookie)
  await app.register(helmet, headers(tls))
  if (settings['web.max_requests'] !== Number.POSITIVE_INFINITY) {
    const keyGenerator = ({ ip }: { ip: string }): string => networkOf(plainAddress(ip))
    await app.register(rateLimit, { max: settings['web.max_requests'], timeWindow: 60_000, keyGenerator })
  }
  app.addHook('onRequest', async (request) => {
    assertOurs(request, names)
    assertSameSite(request)
  })
  await serve(app, options)
  return app
}

/** Commands read their inputs themselves, as on every face: the compilers for schemas would take 7 MB. */
const NO_COMPILERS = {
  buildValidator: () => () => () => true,
  buildSerializer: () => () => JSON.stringify,
} as unknown as NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

function makeApp({ gateway, settings, tls }: ServerOptions): FastifyInstance {
  const http = { ...TIMES, maxHeaderSize: MOST_HEADER_BYTES }
  const app = fastify({
    logger: false,
    bodyLimit: settings['web.max_body'],
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: SILENCE_MS,
    forceCloseConnections: 'idle',
    schemaController: { compilersFactory: NO_COMPILERS },
    ...(tls ? { https: { ...http, ...tls.context, handshakeTimeout: HANDSHAKE_MS } } : { http }),
  }) as unknown as FastifyInstance
  app.removeContentTypeParser('text/plain') // a form of another site could send it
  app.setErrorHandler((error, request, reply) => {
    const found = problemOf(error)
    const what = `${request.method} ${pathOf(request)}`
    if (found.status === 500) gateway.log.error({ err: error, what }, 'web_error')
    if (SUSPICIOUS.has(found.code)) gateway.operators.refused({ from: request.ip, code: found.code, what })
    return sendProblem(reply, found)
  })
  app.setNotFoundHandler((request, reply) => {
    return sendProblem(reply, problem(404, 'NOT_FOUND', `there is no ${request.method} ${pathOf(request)}`))
  })
  if (tls) {
    const unwatch = tls.watch(app.server as unknown as Parameters<WebTls['watch']>[0])
    app.addHook('onClose', async () => unwatch())
  }
  return app
}

const pathOf = ({ url }: FastifyRequest): string => url.split('?')[0]!.slice(0, 100)

/** Refusals that somebody should be able to read of: tries of passwords are logged where they are counted. */
const SUSPICIOUS: ReadonlySet<string> = new Set(['TOKEN', 'FORBIDDEN', 'LOGIN_OLD', 'CROSS_SITE', 'HOST', 'TOO_MANY'])

const namesOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => name !== '')

async function serve(app: FastifyInstance, { gateway, settings }: ServerOptions): Promise<void> {
  const streams = new Streams(Math.ceil(settings['web.max_connections'] / 2))
  app.addHook('preClose', async () => streams.close())
  app.decorateRequest('caller', null)
  const known = (request: FastifyRequest) => callerOf(request, gateway)
  serveOpen(app, { gateway, metrics: settings['web.metrics'], known })
  const serveKnown = async (inner: FastifyInstance): Promise<void> => {
    inner.addHook('onRequest', async (request) => {
      request.caller = known(request)
    })
    serveCommands(inner, gateway, streams)
    serveEvents(inner, gateway, streams)
    serveBackups(inner, gateway)
    serveBundles(inner, gateway)
  }
  const serveApi = async (api: FastifyInstance): Promise<void> => {
    api.addHook('onRequest', async (_, reply) => void reply.header('cache-control', 'no-store'))
    serveLogin(api, gateway)
    await api.register(serveKnown)
  }
  await app.register(serveApi, { prefix: '/api/v1' })
  servePage(app)
}

interface OpenOptions {
  readonly gateway: Gateway
  readonly metrics: GatewaySettings['web.metrics']
  /** Throws for who is nobody. */
  known(request: FastifyRequest): unknown
}

/** What everybody who reaches the listener may ask. */
function serveOpen(app: FastifyInstance, { gateway, metrics, known }: OpenOptions): void {
  if (metrics !== false) {
    app.get('/metrics', async (request, reply) => {
      if (metrics === 'token') known(request)
      return reply.type(METRICS_TYPE).send(await metricsOf(gateway))
    })
  }
  app.get('/healthz', async (_, reply) => {
    const why = await ailment(gateway)
    return reply.code(why === null ? 200 : 503).send(why === null ? { state: 'ok' } : { state: 'ailing', why })
  })
  app.get('/openapi.json', (_, reply) => reply.send(openApi()))
}

const YEAR_S = 31_536_000

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
function headers(tls: WebTls | undefined): FastifyHelmetOptions {
  const own = ["'self'"]
  const none = ["'none'"]
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        ...{
          defaultSrc: none,
          objectSrc: none,
          scriptSrc: own,
          styleSrc: own,
          imgSrc: own,
          fontSrc: own,
          connectSrc: own,
        },
        ...{ manifestSrc: own, workerSrc: own, formAction: own, baseUri: none, frameAncestors: none },
      },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    // a browser that was told to insist lets nobody past the warning about a certificate that no one vouches for
    strictTransportSecurity: tls?.vouched ? { maxAge: YEAR_S, includeSubDomains: false } : false,
  }
}
