import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastify } from 'fastify'
import { COMMANDS } from '../../src/gateway/commands.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { pathOf, serveCommands } from '../../src/web/api.ts'
import type { WebCaller } from '../../src/web/caller.ts'
import { problemOf, sendProblem } from '../../src/web/problem.ts'
import { Streams } from '../../src/web/streams.ts'

const MINUTE_MS = 60_000

async function asked(caller: Partial<WebCaller>, path: string): Promise<[status: number, code: string | undefined]> {
  const app = fastify()
  const gateway = { commands: { run: async () => ({}) } } as unknown as Gateway
  app.decorateRequest('caller', null)
  app.addHook('onRequest', async (request) => {
    request.caller = caller as WebCaller
  })
  app.setErrorHandler((error, _, reply) => sendProblem(reply, problemOf(error)))
  serveCommands(app, gateway, new Streams(1))
  const { statusCode, body } = await app.inject({ method: 'POST', url: path, payload: {} })
  return [statusCode, JSON.parse(body).code]
}

const loggedIn = (minutes: number): Partial<WebCaller> => ({
  mayChange: true,
  session: { beganAt: performance.now() - minutes * MINUTE_MS } as NonNullable<WebCaller['session']>,
})

test('who may command the gateway is changed by who has logged in lately, or by a token', async () => {
  const path = '/token/create'
  assert.deepEqual(await asked(loggedIn(14), path), [200, undefined])
  assert.deepEqual(await asked(loggedIn(16), path), [403, 'LOGIN_OLD'])
  assert.deepEqual(await asked(loggedIn(16), '/lane/pause'), [200, undefined])
  assert.deepEqual(await asked({ mayChange: true, session: undefined }, path), [200, undefined])
  assert.deepEqual(await asked({ mayChange: false, session: undefined }, path), [403, 'FORBIDDEN'])
})

test('everything about accounts and tokens asks for it', () => {
  const about = COMMANDS.filter(({ name, changes }) => changes && /^(operator|token|restore)\b/.test(name))
  assert.ok(about.length >= 5)
  for (const { name, recentLogin } of about) assert.equal(recentLogin, true, name)
})

test('no command has a path that is something else', () => {
  const taken = ['/session', '/setup', '/password', '/commands', '/complete', '/events', '/backups/']
  assert.deepEqual(
    COMMANDS.map(pathOf).filter((path) =>
      taken.some((one) => path === one || (one.endsWith('/') && path.startsWith(one))),
    ),
    [],
  )
})
