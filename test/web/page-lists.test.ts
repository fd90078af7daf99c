// Ten thousand rows: sessions, retained topics, dead letters.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import Database from 'better-sqlite3'
import { connectAsync } from 'mqtt'
import type { Browser as Chromium, Page } from 'playwright-core'
import { buildPage } from '../../scripts/build.d/page.ts'
import { chromiumMissing, startChromium } from '../helpers/chromium.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { RawClient } from '../helpers/raw-client.ts'
import { assertAccessible, logIn, PHONE, setUp, visit } from './visitor.ts'

const MANY = 10_000
const AT_A_TIME = 25
/** Into a table that wants numbers: what is none is a dead letter. */
const REFUSED =
  'backend.sqlite.hook.message.publish.1 = {"topic": "dead/#", "action": {"sql": ["insert into picky (n) values (${payload})"]}, "pool": "pool1"}\n'

/** Each of its own event. */
const MORE_LETTERS = `
  with recursive more (n) as (select 2 union all select n + 1 from more where n < ${MANY})
  insert into dead_letter (pool, seq, binding, code, message, operation, at, record)
    select pool, -n, binding, code, message, operation, at + n, record from dead_letter, more`

const gateway = new GatewayProcess({
  conf: 'web.listen = 127.0.0.1:0',
  plugins: { sqlite: `backend.sqlite.pool1.database = mqtt.db\n${REFUSED}` },
})
let chromium: Chromium
let url: string

suite('ten thousand rows', { skip: chromiumMissing() }, () => {
  before(async () => {
    await buildPage()
    await gateway.start()
    chromium = await startChromium()
    url = await setUp(gateway)
  })
  after(async () => {
    await chromium?.close()
    await gateway.remove()
  })

  test('sessions: the last is at hand, by keys and by the filter', async () => {
    await each(async (n) => {
      const client = await RawClient.connect(gateway.port, { clientId: nameOf('device', n), clean: false })
      client.socket.end()
    })
    await until('all are away', async () => (await gateway.ctl('status')).clients.connected === 0)
    const { page, complaints } = await visit(chromium, `${url}/#/clients`)
    await logIn(page)
    await assertScrolls(page, { table: 'Clients', name: (n) => nameOf('device', n) })
    await page.getByRole('button', { name: nameOf('device', MANY - 1) }).press('Enter')
    await page.getByRole('dialog').getByText('Session ends with the connection').waitFor()
    assert.deepEqual(complaints, [])
    await page.context().close()
  })

  test('retained topics, on a phone', async () => {
    const client = await connectAsync(gateway.url, { clientId: 'many' })
    await each((n) => client.publishAsync(nameOf('plant', n), 'x', { qos: 1, retain: true }))
    await client.endAsync()
    const { page } = await visit(chromium, `${url}/#/messages`, { viewport: PHONE })
    await logIn(page)
    await assertScrolls(page, { table: 'Retained topics', name: (n) => nameOf('plant', n) })
    await page.context().close()
  })

  test('dead letters: the last is looked at and sent again', async () => {
    inDatabase('mqtt.db', "create table picky (n integer check (typeof(n) = 'integer'))")
    const client = await connectAsync(gateway.url, { clientId: 'many' })
    await client.publishAsync('dead/letter', 'no number', { qos: 1 })
    await client.endAsync()
    await until('it is refused', async () => (await gateway.ctl('status')).pools[0].deadLetters === 1)
    await gateway.stop()
    inDatabase('journal.db', MORE_LETTERS)
    await gateway.start()
    const { url } = await gateway.web()
    const { page } = await visit(chromium, `${url}/#/queue`)
    await logIn(page)
    await assertScrolls(page, { table: 'Dead letters', name: (n) => String(n + 1) })
    await page.getByRole('button', { name: String(MANY), exact: true }).press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('CHECK constraint failed').first().waitFor()
    await dialog.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('Puts dead letter 10000 behind what waits').waitFor()
    await dialog.last().getByRole('button', { name: 'Send again' }).click()
    await page.locator('.toast').getByText('1 dead letter is behind').waitFor()
    await page.context().close()
  })
})

function inDatabase(file: string, sql: string): void {
  const database = new Database(join(gateway.data, file))
  database.exec(sql)
  database.close()
}

const nameOf = (what: string, n: number): string => `${what}-${String(n).padStart(5, '0')}`

async function each(act: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < MANY; n += AT_A_TIME) {
    await Promise.all(Array.from({ length: AT_A_TIME }, (_, i) => act(n + i)))
  }
}

/** All are there, few are drawn; the wheel, keys and the filter come to any of them. */
async function assertScrolls(page: Page, { table, name }: { table: string; name: (n: number) => string }) {
  const list = page.getByRole('table', { name: table })
  const row = (n: number) => list.getByRole('button', { name: name(n), exact: true })
  await row(0).waitFor()
  assert.equal(await list.getAttribute('aria-rowcount'), String(MANY + 1))
  assert.ok((await list.getByRole('row').count()) < 60)
  await assertAccessible(page, table)

  await list.evaluate((box) => box.scrollTo(0, box.scrollHeight))
  await row(MANY - 1).waitFor()
  await list.focus()
  await page.keyboard.press('Home')
  await assertFocused(page, name(0))
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await assertFocused(page, name(2))
  await page.keyboard.press('End')
  await assertFocused(page, name(MANY - 1))
  await page.keyboard.press('PageUp')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('End')
  await assertFocused(page, name(MANY - 1))

  const filter = page.getByRole('searchbox').last()
  await filter.fill(name(7654))
  await row(7654).waitFor()
  assert.equal(await list.getByRole('row').count(), 2)
  await filter.fill('')
  await row(0).waitFor()
  await list.focus()
  await page.keyboard.press('End')
  await assertFocused(page, name(MANY - 1))
}

async function assertFocused(page: Page, name: string): Promise<void> {
  await page.locator(':focus', { hasText: name }).waitFor()
}
