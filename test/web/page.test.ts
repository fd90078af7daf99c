// The page in a real browser, before a whole gateway.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { connectAsync } from 'mqtt'
import type { Browser as Chromium } from 'playwright-core'
import { buildPage } from '../../scripts/build.d/page.ts'
import { chromiumMissing, startChromium } from '../helpers/chromium.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { ACCOUNT, assertAccessible, DESKTOP, logIn, PHONE, type Visitor, visit } from './visitor.ts'

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
    await page.getByRole('button', { name: 'Next' }).click()
    await assertAccessible(page, 'wizard, database')
    await page.getByRole('button', { name: 'Keep the embedded one' }).click()
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
    await page.getByLabel('Name').fill(ACCOUNT.name)
    await page.getByLabel('Passwort').fill('falsch')
    await page.getByRole('button', { name: 'Anmelden' }).click()
    await page.getByRole('alert').getByText('Name oder Passwort ist falsch.').waitFor()
    await logIn(page)
    await page.getByText('Alles in Ordnung.').waitFor()
    await assertAccessible(page, 'overview')
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), PHONE.width)
    await page.goto(`${url}/#/pools`)
    await page.getByRole('button', { name: 'Anhalten sqlite.pool1' }).click()
    await page.getByRole('dialog').getByText('Sendet nichts mehr an sqlite.pool1, bis').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Abbrechen' }).click()
    await page.goto(`${url}/#/configuration`)
    await page.getByRole('searchbox', { name: 'Filter' }).fill('gleichzeitige clients')
    await page.getByRole('button', { name: 'mqtt.max_connections' }).click()
    await page.getByRole('dialog').getByText('Gleichzeitige Clients über alle Listener').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Abbrechen' }).click()
    await page.goto(`${url}/#/commands`)
    await page.getByText('sie fortsetzen; eine blockierte Lane versucht es sofort').click()
    await page.getByText('Etwa pgsql.pool1, oder pool1, wenn nur einer so heißt').waitFor()
    await gateway.ctl('config', 'set', 'log.buffer', '300KB')
    await page.getByText('alle Fehler des Entwurfs, und was ein Commit täte').click()
    await page.locator('details', { hasText: 'config check' }).getByRole('button', { name: 'Zeigen' }).click()
    await page.getByText('log.buffer ändert sich.').waitFor()
    await gateway.ctl('config', 'discard')
    await page.getByText(ACCOUNT.name).click()
    await page.getByRole('button', { name: 'Abmelden' }).click()
    await page.getByRole('button', { name: 'Anmelden' }).waitFor()
    assert.deepEqual(
      complaints.filter((one) => !one.includes('401')),
      [],
    )
    await page.context().close()
  })

  const PAGES = [
    'Pools',
    'Queue',
    'Messages',
    'Clients',
    'Hooks',
    'Configuration',
    'Users and access',
    'System',
    'Commands',
  ]
  for (const [size, viewport] of [
    ['phone', PHONE],
    ['desktop', DESKTOP],
  ] as const) {
    test(`every page on a ${size}: no fault of accessibility, nothing beyond its edge, no complaint`, async () => {
      const colorScheme = size === 'phone' ? 'dark' : 'light'
      const { page, complaints } = await visit(chromium, url, { viewport, colorScheme })
      await logIn(page)
      for (const name of PAGES) {
        if (size === 'phone') await page.locator('.menu').click()
        await page.locator('.places').getByRole('link', { name, exact: true }).click()
        await page.getByRole('heading', { name, level: 1 }).waitFor()
        for (const part of [null, ...(await page.locator('.tabs a').all())]) {
          await part?.click()
          await page.locator('main > *:not(h1):not(.tabs)').first().waitFor()
          const where = `${name} ${(await part?.textContent()) ?? ''}`
          await assertAccessible(page, where)
          assert.equal(await page.evaluate('document.documentElement.scrollWidth'), viewport.width, where)
        }
      }
      assert.deepEqual(complaints, [])
      await page.context().close()
    })
  }

  test('a pool: test, pause, resume; each says what it will do and what it did', async () => {
    const { page } = await visit(chromium, `${url}/#/pools`)
    await logIn(page)
    await page.getByRole('button', { name: 'Test the connection sqlite.pool1' }).click()
    await page.getByText(/It answers in/).waitFor()
    await page.getByRole('button', { name: 'Pause sqlite.pool1' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Sends nothing more to sqlite.pool1').waitFor()
    await dialog.getByRole('button', { name: 'Pause' }).click()
    await page
      .locator('.toast')
      .getByText(/sqlite.pool1/)
      .waitFor()
    await page.getByRole('button', { name: 'Resume sqlite.pool1' }).click()
    await dialog.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('button', { name: 'Pause sqlite.pool1' }).waitFor()
    await page.context().close()
  })

  test('a client: seen, looked at, sent away', async () => {
    const client = await connectAsync(gateway.url, { clientId: 'pump 7', reconnectPeriod: 0 })
    await client.subscribeAsync('plant/#', { qos: 1 })
    await client.publishAsync('plant/pump', 'it runs', { qos: 1 })
    const { page } = await visit(chromium, `${url}/#/clients`)
    await logIn(page)
    await page.getByRole('button', { name: 'pump 7' }).click()
    await page.getByRole('dialog').getByText('plant/#').waitFor()
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click()
    await page.getByText('Closes the connection of pump 7').waitFor()
    await page.getByRole('dialog').last().getByRole('button', { name: 'Disconnect' }).click()
    await closed
    await page.goto(`${url}/#/messages`)
    await page.getByRole('button', { name: 'plant/pump' }).first().click()
    await page.getByRole('dialog').getByText('it runs').waitFor()
    await page.context().close()
  })

  test('a key is changed, looked at, committed with a deadline, confirmed; a fault is shown at its place', async () => {
    const { page, complaints } = await visit(chromium, `${url}/#/configuration`)
    await logIn(page)
    await page.getByRole('searchbox', { name: 'Filter' }).fill('max_inflight')
    await page.getByRole('button', { name: 'mqtt.max_inflight', exact: true }).click()
    await page.getByRole('textbox', { name: 'Value' }).fill('16')
    await page.getByRole('button', { name: 'Into the candidate' }).click()
    await page.getByRole('link', { name: 'Changes (1)' }).click()
    await page.locator('.added', { hasText: 'mqtt.max_inflight = 16' }).waitFor()
    await page.getByRole('button', { name: 'Commit' }).click()
    await page.getByRole('dialog').getByText('Takes it back after 300 s').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Commit' }).click()
    await page
      .getByText(/is taken back in/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click()
    await page.locator('.toast').getByText(/stays/).waitFor()
    assert.equal((await gateway.ctl('config', 'show', 'mqtt.max_inflight'))[0].value, '16')

    await page.goto(`${url}/#/configuration/plugins%2Femqx_backend_sqlite.conf`)
    await page.locator('.cm-content').click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('backend.sqlite.pool1.databse = x')
    await page.keyboard.press('Control+s')
    await page
      .getByText(/did you mean/)
      .first()
      .waitFor()
    await page.locator('.cm-lintRange').first().waitFor()
    await assertAccessible(page, 'editor')
    assert.deepEqual(complaints, [])
    await page.context().close()
  })

  test('a hook tried: what its database would get', async () => {
    const { page } = await visit(chromium, `${url}/#/hooks`)
    await logIn(page)
    await page.getByRole('button', { name: 'Try' }).click()
    await page.getByText(/message.insert .*plant\/temperature/).waitFor()
    await page.context().close()
  })

  test('the log: of a level, with a word, as it comes; how much of it is written', async () => {
    const { page, complaints } = await visit(chromium, `${url}/#/system/log`)
    await logIn(page)
    const lines = page.getByRole('list', { name: 'Log' })
    await lines.getByText('gateway_running').waitFor()
    await page.getByRole('searchbox').fill('client_connected of no-such')
    await page.getByText('No line of that.').waitFor()
    await page.getByRole('searchbox').fill('')
    await page.getByLabel('Written from level').selectOption('debug')
    await page.getByRole('dialog').getByText('Logs debug and above').waitFor()
    await page.getByRole('dialog').getByRole('button').last().click()
    await page.getByLabel('Shown from level').selectOption('debug')
    await lines.getByText('gateway_running').waitFor()
    await gateway.ctl('config', 'discard', '--take')
    await gateway.ctl('config', 'set', 'mqtt.max_inflight', '20')
    await gateway.ctl('config', 'commit')
    await lines.getByText('config_committed').last().waitFor()
    await assertAccessible(page, 'log')
    await page.getByLabel('Go on with what comes').uncheck()
    await page.getByLabel('Shown from level').selectOption('error')
    await lines.getByText('config_committed').last().waitFor()
    assert.deepEqual(complaints, [])
    await page.context().close()
  })

  test('a page that nobody looks at lets its streams go, and takes them up again', async () => {
    const { page } = await visit(chromium, `${url}/#/system/log`)
    await logIn(page)
    await page.getByRole('list', { name: 'Log' }).getByText('gateway_running').waitFor()
    const isStream = (request: { url(): string }): boolean => /\/events$|follow=1/.test(request.url())
    const show = (hidden: boolean): Promise<void> =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    let ended = 0
    page.on('requestfailed', (request) => {
      if (isStream(request)) ended++
    })
    await show(true)
    await until('both have ended', () => ended === 2)
    const again = [page.waitForRequest(/\/events$/), page.waitForRequest(/follow=1/)]
    await show(false)
    await Promise.all(again)
    await page.getByRole('list', { name: 'Log' }).getByText('gateway_running').waitFor()
    await page.context().close()
  })

  test('by keys alone: the menu of the account, a dialog; the focus comes back to where it was', async () => {
    const { page } = await visit(chromium, `${url}/#/pools`, { viewport: PHONE })
    await logIn(page)
    const account = page.locator('.account summary')
    await account.press('Enter')
    await page.getByRole('button', { name: 'Log out' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Log out' }).waitFor({ state: 'hidden' })
    await page.locator('.account summary:focus').waitFor()
    await account.press('Enter')
    await page.locator('main h1').click({ position: { x: 2, y: 2 } })
    await page.getByRole('button', { name: 'Log out' }).waitFor({ state: 'hidden' })
    const pause = page.getByRole('button', { name: 'Pause sqlite.pool1' })
    await pause.press('Enter')
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.locator('main button:focus', { hasText: 'Pause' }).waitFor()
    await page.context().close()
  })

  test('a gateway that hangs is told of, until it answers again', async () => {
    const { page } = await visit(chromium, `${url}/#/clients`)
    await logIn(page)
    await page.getByRole('heading', { name: 'Clients', level: 1 }).waitFor()
    const lost = page.getByText('No connection')
    process.kill(gateway.pid!, 'SIGSTOP')
    try {
      await lost.waitFor()
    } finally {
      process.kill(gateway.pid!, 'SIGCONT')
    }
    await lost.waitFor({ state: 'detached' })
    await page.context().close()
  })

  for (const locale of ['en-GB', 'de-DE']) {
    test(`over the line, ${locale}: at most 200 kB before the first view; the first paint with the CPU slowed six times`, async (t) => {
      const { page } = await visit(chromium, url, { locale })
      await logIn(page)
      const session = await page.context().newCDPSession(page)
      await session.send('Network.enable')
      await session.send('Emulation.setCPUThrottlingRate', { rate: 6 })
      let bytes = 0
      session.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength
      })
      await session.send('Network.setCacheDisabled', { cacheDisabled: true })
      const begun = performance.now()
      await page.reload({ waitUntil: 'commit' })
      await page.locator('.tile .figure').first().waitFor()
      const usefulMs = Math.round(performance.now() - begun)
      const paintMs = await page.evaluate(
        () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
      )
      t.diagnostic(
        `${bytes} bytes; first paint ${Math.round(paintMs)} ms, figures ${usefulMs} ms, CPU slowed six times`,
      )
      assert.ok(bytes > 10_000 && bytes < 200_000, `${bytes} bytes`)
      await page.context().close()
    })
  }
})
