import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { test } from 'node:test'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { readConfiguration } from '../../src/gateway/load.ts'
import { webServer } from '../../src/web/server.ts'

test('the times that SECURITY.md promises are those of the server that listens', async () => {
  const { gateway: settings } = readConfiguration(new URL('../../etc', import.meta.url).pathname)
  const { server } = await webServer({ gateway: {} as Gateway, settings, tls: undefined })
  const { headersTimeout, requestTimeout, keepAliveTimeout, timeout } = server as Server
  assert.deepEqual([headersTimeout, requestTimeout, keepAliveTimeout, timeout], [10_000, 60_000, 30_000, 120_000])
})
