// From the first start to the first row in PostgreSQL, in a browser on a phone.

import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connectAsync } from 'mqtt'
import type { Browser as Chromium } from 'playwright-core'
import { buildPage } from '../../scripts/build.d/page.ts'
import { chromiumMissing, startChromium } from '../helpers/chromium.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../helpers/postgres.ts'
import { ACCOUNT, assertAccessible, PHONE, visit } from './visitor.ts'

const SHIPPED = resolve(import.meta.dirname, '../../etc/plugins/emqx_backend_pgsql.conf')

suite('first run', { skip: chromiumMissing() || postgresMissing() }, () => {
  const gateway = new GatewayProcess({ conf: 'web.listen = 127.0.0.1:0' })
  let chromium: Chromium
  let postgres: PostgresServer

  before(async () => {
    cpSync(SHIPPED, join(gateway.etc, 'plugins/emqx_backend_pgsql.conf'))
    await buildPage()
    postgres = await startPostgres()
    await gateway.start()
    chromium = await startChromium()
  })
  after(async () => {
    await chromium?.close()
    await gateway.remove()
    await postgres?.stop()
  })

  test('code, password, name, a database that first does not answer, its tables, a row', async () => {
    const { url, code } = await gateway.web()
    const { page } = await visit(chromium, url, { viewport: PHONE })
    await page.getByLabel('One-time code').fill(code)
    await page.getByLabel('Name').fill(ACCOUNT.name)
    await page.getByLabel('Password').fill(ACCOUNT.password)
    await page.getByRole('button', { name: 'Create the account' }).click()

    await page.getByRole('textbox', { name: 'Name' }).fill('cabinet-7')
    await page.getByRole('button', { name: 'Next' }).click()

    await page.getByLabel('Where shall messages go?').selectOption({ label: 'PostgreSQL' })
    await page.getByLabel('server').fill('127.0.0.1:1')
    await page.getByLabel('username').fill(postgres.user)
    await page.getByLabel('password').fill(postgres.password)
    await page.getByLabel('database').fill('mqtt')
    await assertAccessible(page, 'wizard, PostgreSQL')
    await page.getByRole('button', { name: 'Connect and make the tables' }).click()
    await page.getByRole('alert').getByText('ECONNREFUSED').first().waitFor()

    await page.getByLabel('server').fill(`127.0.0.1:${postgres.port}`)
    await page.getByRole('button', { name: 'Connect and make the tables' }).click()
    await page.getByText('PostgreSQL is ready').waitFor()
    await page.getByRole('button', { name: 'To the overview' }).click()
    await page.getByText('pgsql.pool1').first().waitFor()

    const client = await connectAsync(gateway.url, { clientId: 'first' })
    await client.publishAsync('plant/first', 'hello', { qos: 1 })
    await client.endAsync()
    const rows = await until('the row', async () => {
      const found = await postgres.query("select payload, sender from mqtt_msg where topic = 'plant/first'")
      return found.length > 0 && found
    })
    assert.deepEqual(rows, [{ payload: 'hello', sender: 'first' }])
  })
})
