// Users, rules and backups, in a real browser.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connectAsync } from 'mqtt'
import type { Browser as Chromium, Page } from 'playwright-core'
import { buildPage } from '../../scripts/build.d/page.ts'
import { chromiumMissing, startChromium } from '../helpers/chromium.ts'
import { GatewayProcess } from '../helpers/gateway.ts'
import { ACCOUNT, assertAccessible, logIn, PHONE, setUp, visit } from './visitor.ts'

const gateway = new GatewayProcess({ conf: 'web.listen = 127.0.0.1:0' })
let chromium: Chromium
let url: string

suite('users, rules, backups', { skip: chromiumMissing() }, () => {
  before(async () => {
    await buildPage()
    await gateway.start()
    url = await setUp(gateway)
    chromium = await startChromium()
  })
  after(async () => {
    await chromium?.close()
    await gateway.remove()
  })

  test('a user is added, may do what a rule says once it is committed, and is taken away', async () => {
    const { page, complaints } = await visit(chromium, `${url}/#/access`, { viewport: PHONE })
    await logIn(page)
    await page.getByText('There is no MQTT user yet.').waitFor()
    await page.getByLabel('Name').fill('pump')
    await page.getByLabel('Password').fill('it pumps')
    await page.getByRole('button', { name: 'Add, or set another password' }).click()
    await agree(page, /Adds the user pump.*first one/, 'Add, or set another password')
    await said(page, 'pump may connect.')
    const client = await connectAsync(gateway.url, { username: 'pump', password: 'it pumps', reconnectPeriod: 0 })

    await page.getByRole('link', { name: 'Rules' }).click()
    await page.getByText('There are no rules.').waitFor()
    const add = page.locator('form', { has: page.getByRole('button', { name: 'Add a rule' }) })
    await add.getByLabel('For').selectOption('user')
    await add.getByLabel('User').fill('pump')
    await add.getByLabel('May').selectOption('deny')
    await add.getByLabel('Filter').fill('secret/#')
    await add.getByRole('button', { name: 'Add a rule' }).click()
    await agree(page, 'deny secret/#, for pump', 'Add a rule')
    await page.getByRole('table', { name: 'Rules' }).getByText('secret/#').waitFor()
    const tries = page.locator('form', { has: page.getByRole('button', { name: 'Try' }) })
    await tries.getByLabel('Topic').fill('secret/plan')
    await tries.getByLabel('User').fill('pump')
    await tries.getByRole('button', { name: 'Try' }).click()
    await page.getByText('It may not.').waitFor()
    await assertAccessible(page, 'rules')

    await page.getByRole('link', { name: 'Devices (MQTT)' }).click()
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
    await page.getByRole('button', { name: 'Remove pump' }).click()
    await agree(page, 'Takes the user pump away', 'Remove')
    await closed
    await page.getByText('There is no MQTT user yet.').waitFor()
    assert.deepEqual(complaints, [])
    await page.context().close()
  })

  test('a backup is made, taken home, brought again and put back', async () => {
    const { page, complaints } = await visit(chromium, `${url}/#/system/backup`)
    await logIn(page)
    await page.getByText('There is no backup yet.').waitFor()
    await page.getByRole('button', { name: 'Make a backup' }).click()
    await agree(page, 'has the passwords and keys', 'Make a backup')
    await said(page, 'Keep it safe')
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ])
    const home = join(gateway.root, 'home.tar.gz')
    await file.saveAs(home)
    assert.equal(readFileSync(home).subarray(0, 2).toString('hex'), '1f8b')
    await page.getByLabel('Bring a backup').setInputFiles({
      ...{ name: 'zeros.tar.gz', mimeType: 'application/gzip', buffer: Buffer.alloc(1000) },
    })
    await page.getByRole('alert').getByText('BAD_BACKUP').waitFor()
    await page.getByLabel('Bring a backup').setInputFiles(home)
    await said(page, 'home.tar.gz is here.')
    await page.getByRole('button', { name: 'Put back home.tar.gz' }).click()
    await agree(page, 'Makes configuration, users, operators', 'Put back')
    await said(page, 'is back.')
    await page.getByRole('button', { name: 'Remove home.tar.gz' }).click()
    await agree(page, 'Removes the backup home.tar.gz', 'Remove')
    await assertAccessible(page, 'backup')
    assert.deepEqual(
      complaints.filter((one) => !one.includes('422')),
      [],
    )
    await page.context().close()
  })

  test('what touches secrets wants the password again when the login is old', async () => {
    const { page } = await visit(chromium, `${url}/#/access/operators`)
    await logIn(page)
    let refusals = 0
    // in place of a quarter of an hour
    await page.route('**/api/v1/operator/set', (route) => {
      if (refusals++ > 0) return route.continue()
      return route.fulfill({ status: 403, json: { code: 'LOGIN_OLD', detail: 'log in again' } })
    })
    const add = page.locator('form', { has: page.getByLabel('Password', { exact: true }) })
    await add.getByLabel('Name').fill('grace')
    await add.getByLabel('Password').fill('hopper of compilers')
    await add.getByRole('button', { name: 'Add, or set another password' }).click()
    await agree(page, 'grace', 'Add, or set another password')
    const again = page.getByRole('dialog', { name: 'Your password, once more' })
    await again.getByLabel('Password').fill('wrong')
    await again.getByRole('button', { name: 'Log in' }).click()
    await again.getByRole('alert').waitFor()
    await again.getByLabel('Password').fill(ACCOUNT.password)
    await again.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'Remove grace' }).waitFor()
    await page.context().close()
  })

  test('a login that ends in the middle of work is made anew: what is typed stays, what was asked is done', async () => {
    const { page } = await visit(chromium, `${url}/#/configuration/acl.conf`)
    await logIn(page)
    await page.locator('.cm-content').click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('\ntopic read work/of/g1/hour') // keys that mean something elsewhere on the page
    await gateway.ctl('login', 'end', 'all')
    await page.keyboard.press('Control+s')
    const again = page.getByRole('dialog', { name: 'Your password, once more' })
    await again.getByText('The login of ada has ended').waitFor()
    await assertAccessible(page, 'a login that has ended')
    await again.getByLabel('Password').fill(ACCOUNT.password)
    await again.getByRole('button', { name: 'Log in' }).click()
    await said(page, 'acl.conf')
    await again.waitFor({ state: 'detached' })
    const { content } = await gateway.ctl('config', 'file', 'get', 'acl.conf')
    assert.match(content, /^topic read work\/of\/g1\/hour$/m)

    await gateway.ctl('config', 'discard', '--take')
    await gateway.ctl('login', 'end', 'all')
    await again.getByRole('button', { name: 'Cancel' }).click()
    await page.getByLabel(/^Name/).waitFor()
    await page.context().close()
  })

  test('what is typed in the editor, and not in the candidate, is there when one comes back', async () => {
    const { page } = await visit(chromium, `${url}/#/configuration/acl.conf`)
    await logIn(page)
    await page.locator('.cm-content').click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('\ntopic read not/yet')
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.locator('.cm-content').waitFor({ state: 'detached' })
    await page.goBack()
    await page.locator('.cm-content').getByText('topic read not/yet').waitFor()
    await said(page, 'What you typed in acl.conf is still here')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Into the candidate' }).click()
    await said(page, 'acl.conf is in the candidate')
    const { content } = await gateway.ctl('config', 'file', 'get', 'acl.conf')
    assert.match(content, /^topic read not\/yet$/m)
    await gateway.ctl('config', 'discard', '--take')
    await page.context().close()
  })

  test('two windows: what the other one has put in is not committed unseen', async () => {
    const { page } = await visit(chromium, `${url}/#/configuration/keys`)
    await logIn(page)
    const into = async (value: string): Promise<void> => {
      await page.evaluate(
        (body) =>
          fetch('/api/v1/config/set', { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
        JSON.stringify({ key: 'mqtt.max_inflight', value }),
      )
    }
    await into('16')
    await page.goto(`${url}/#/configuration/changes`)
    await page.locator('.added', { hasText: 'mqtt.max_inflight = 16' }).waitFor()
    await page.route('**/config/status', (route) => route.abort()) // the other one is quicker than the next look
    await into('17')
    await page.getByRole('button', { name: 'Commit' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Commit' }).click()
    await page.getByRole('alert').getByText('the candidate is at revision 2, not 1').waitFor()
    await page.keyboard.press('Escape')
    await page.unroute('**/config/status')
    await page.locator('.added', { hasText: 'mqtt.max_inflight = 17' }).waitFor()
    await page.getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
    await page.getByText('Nothing is changed').waitFor()
    await page.context().close()
  })
})

/** Reads what it will do, and lets it. */
async function agree(page: Page, will: string | RegExp, button: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByText(will).waitFor()
  await dialog.getByRole('button', { name: button }).click()
}

const said = (page: Page, text: string): Promise<void> => page.locator('.toast').getByText(text).waitFor()
