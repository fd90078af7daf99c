// A lane that stands at an event, seen and mended in a real browser.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { connectAsync } from 'mqtt'
import type { Browser as Chromium } from 'playwright-core'
import { buildPage } from '../../scripts/build.d/page.ts'
import { chromiumMissing, startChromium } from '../helpers/chromium.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { assertAccessible, logIn, PHONE, setUp, visit } from './visitor.ts'

/** Its table is not there: somebody must make it, or give the events up. */
const LOST = 'insert into lost (payload) values (${payload})'
const gateway = new GatewayProcess({
  conf: 'web.listen = 127.0.0.1:0',
  plugins: {
    sqlite: `backend.sqlite.pool1.database = mqtt.db
backend.sqlite.hook.message.publish.1 = {"topic": "lost/#", "action": {"sql": ["${LOST}"]}, "pool": "pool1"}
backend.sqlite.hook.message.publish.2 = {"topic": "kept/#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`,
  },
})
let chromium: Chromium
let url: string

suite('a lane that stands still', { skip: chromiumMissing() }, () => {
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

  test('why it stands, at which event; tried again, then skipped: what is behind it goes on', async () => {
    const lane = async () => (await gateway.ctl('lanes'))[0]
    const client = await connectAsync(gateway.url, { clientId: 'pump' })
    for (const topic of ['kept/before', 'lost/one', 'lost/two', 'kept/behind']) {
      await client.publishAsync(topic, `of ${topic}`, { qos: 1 })
    }
    await client.endAsync()
    await until('it stands', async () => (await gateway.ctl('pools'))[0].state === 'blocked')
    assert.equal((await gateway.ctl('lane', 'show', 'sqlite.pool1')).next.topic, 'lost/one')

    const { page, complaints } = await visit(chromium, `${url}/#/pools`, { viewport: PHONE, locale: 'de-DE' })
    await logIn(page)
    await page.getByRole('link', { name: 'Woran er steht' }).click()
    const card = page.getByRole('region', { name: 'sqlite.pool1 steht still' })
    await card.getByText('of lost/one').waitFor()
    await card.getByText('Legen Sie die Tabelle an').waitFor()
    await assertAccessible(page, 'blocked')
    await card.getByRole('button', { name: 'Jetzt noch einmal versuchen' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Lässt sqlite.pool1 weiter senden').waitFor()
    await dialog.getByRole('button', { name: 'Jetzt noch einmal versuchen' }).click()
    await page.locator('.toast').getByText('sqlite.pool1 macht weiter.').waitFor()

    await card.getByText('of lost/one').waitFor()
    await card.locator('summary').click()
    await card.getByRole('button', { name: 'Überspringen' }).click()
    await dialog.getByText('Gibt auf, was bis Ereignis').waitFor()
    await dialog.getByText('Das lässt sich nicht rückgängig machen.').waitFor()
    await dialog.getByRole('button', { name: 'Überspringen' }).click()
    await page.locator('.toast').getByText('ist aufgegeben.').waitFor()
    await card.getByText('of lost/two').waitFor()
    await card.locator('summary').click()
    await card.getByRole('button', { name: 'Überspringen' }).click()
    await dialog.getByRole('button', { name: 'Überspringen' }).click()
    await card.waitFor({ state: 'detached' })
    await until('what is behind is there', async () => (await lane()).forwarded === 2)
    assert.equal((await lane()).deadLetters, 0)
    assert.equal((await gateway.ctl('lane', 'show', 'sqlite.pool1')).next, null)
    assert.deepEqual(complaints, [])
    await page.context().close()
  })
})
