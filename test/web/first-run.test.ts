// From the first start to the first row in PostgreSQL, in a browser on a phone.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
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
    const shipped = readFileSync(SHIPPED, 'utf8')
    const others = 'backend.pgsql.other.server = 127.0.0.1:2\n'
    const file = join(gateway.etc, 'plugins/emqx_backend_pgsql.conf')
    writeFileSync(file, `${others}${shipped.replaceAll('pool1', 'site')}`)
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
    await page
      .getByLabel('Which devices may reach it')
      .selectOption({ label: `all of its networks, on port ${gateway.port}` })
    await page.getByText('Everybody in them is let in').waitFor()
    await page.getByLabel('Which devices may reach it').selectOption({ label: 'only programs on this machine' })
    await page.getByRole('button', { name: 'Next' }).click()

    await page.getByLabel('Where shall messages go?').selectOption({ label: 'PostgreSQL' })
    await page.getByLabel('Pool').selectOption('site')
    await page.getByLabel('Address').fill('127.0.0.1:1')
    await page.getByLabel('User').fill(postgres.user)
    await page.getByLabel('Password').fill(postgres.password)
    await page.getByLabel('Database', { exact: true }).fill('mqtt')
    await assertAccessible(page, 'wizard, PostgreSQL')
    await page.getByRole('button', { name: 'Connect and make the tables' }).click()
    await page.getByRole('alert').getByText('ECONNREFUSED').first().waitFor()

    await page.getByLabel('Address').fill(`127.0.0.1:${postgres.port}`)
    await page.getByRole('button', { name: 'Connect and make the tables' }).click()
    await page.getByText('PostgreSQL is ready').waitFor()
    await page.getByRole('button', { name: 'To the overview' }).click()
    await page.getByText('pgsql.site').first().waitFor()

    const client = await connectAsync(gateway.url, { clientId: 'first' })
    await client.publishAsync('plant/first', 'hello', { qos: 1 })
    await client.endAsync()
    const rows = await until('the row', async () => {
      const found = await postgres.query("select payload, sender from mqtt_msg where topic = 'plant/first'")
      return found.length > 0 && found
    })
    assert.deepEqual(rows, [{ payload: 'hello', sender: 'first' }])
    assert.equal((await gateway.ctl('config', 'status')).toConfirm, null)
  })
})
