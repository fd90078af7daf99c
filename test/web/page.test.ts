// The page in a real browser, before a whole gateway.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser as Chromium } from 'playwright-core'
import { buildPage } from '../../scripts/build.d/page.ts'
import { chromiumMissing, startChromium } from '../helpers/chromium.ts'
import { GatewayProcess } from '../helpers/gateway.ts'
import { ACCOUNT, assertAccessible, logIn, PHONE, type Visitor, visit } from './visitor.ts'

const gateway = new GatewayProcess({
  conf: 'web.listen = 127.0.0.1:0',
  plugins: {
    sqlite:
      'backend.sqlite.pool1.database = mqtt.db\nbackend.sqlite.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}\n',
  },
})
let chromium: Chromium
let url: string

suite('page', { skip: chromiumMissing() }, () => {
  before(async () => {
    await buildPage()
    await gateway.start()
    chromium = await startChromium()
    url = (await gateway.web()).url
  })
  after(async () => {
    await chromium?.close()
    await gateway.remove()
  })

  test('the first run: the code from the terminal makes the account', async () => {
    const { code } = await gateway.web()
    const { page, complaints } = await visit(chromium, url)
    await assertAccessible(page, 'wizard')
    await page.getByLabel('One-time code').fill('aaaa-aaaa')
    await page.getByLabel('Name').fill(ACCOUNT.name)
    await page.getByLabel('Password').fill(ACCOUNT.password)
    await page.getByRole('button', { name: 'Create the account' }).click()
    await page.getByRole('alert').getByText('this is not the one-time code').waitFor()
    await page.getByLabel('One-time code').fill(code)
    await page.getByRole('button', { name: 'Create the account' }).click()
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
    assert.deepEqual(
      complaints.filter((one) => !one.includes('401')),
      [],
    )
    await page.context().close()
  })

  test('logging in, on a phone and in German; logging out', async () => {
    const { page, complaints }: Visitor = await visit(chromium, url, { viewport: PHONE, locale: 'de-DE' })
    await page.getByRole('button', { name: 'Anmelden' }).waitFor()
    await assertAccessible(page, 'login')
    await logIn(page)
    await page.getByText('Alles in Ordnung.').waitFor()
    await assertAccessible(page, 'overview')
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), PHONE.width)
    await page.getByText(ACCOUNT.name).click()
    await page.getByRole('button', { name: 'Abmelden' }).click()
    await page.getByRole('button', { name: 'Anmelden' }).waitFor()
    assert.deepEqual(complaints, [])
    await page.context().close()
  })
})
