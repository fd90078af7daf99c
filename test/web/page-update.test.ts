// An update on the page, in a real browser, of a device with a real RAUC.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Browser as Chromium } from 'playwright-core'
import { buildPage } from '../../scripts/build.d/page.ts'
import { chromiumMissing, startChromium } from '../helpers/chromium.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { atEnd } from '../helpers/journal.ts'
import { installMissing, RaucDevice } from '../helpers/rauc.ts'
import { assertAccessible, logIn, PHONE, setUp, visit } from './visitor.ts'

interface Started {
  readonly gateway: GatewayProcess
  readonly device: RaucDevice
  readonly chromium: Chromium
  readonly address: string
}

async function start(t: TestContext): Promise<Started> {
  await buildPage()
  const device = await RaucDevice.start(t)
  const gateway = new GatewayProcess({ conf: 'web.listen = 127.0.0.1:0' })
  atEnd(t, () => gateway.remove())
  gateway.env = device.env
  await gateway.start()
  const chromium = await startChromium()
  atEnd(t, () => chromium.close())
  return { gateway, device, chromium, address: `${await setUp(gateway)}/#/system/update` }
}

const skip = chromiumMissing() || installMissing()

test('brought, seen what it would do, installed with its progress, kept', { skip }, async (t) => {
  const { device, chromium, address } = await start(t)
  const { page, complaints } = await visit(chromium, address)
  await logIn(page)
  await page.getByText('the image of this device').waitFor()
  await page.getByText('never installed').waitFor()
  await assertAccessible(page, 'update')

  const bad = join(device.folder, 'bad.raucb')
  writeFileSync(bad, 'x'.repeat(9 << 20)) // three pieces
  await page.getByLabel('The file').setInputFiles(bad)
  await page.getByRole('dialog').getByRole('alert').getByText('BAD_BUNDLE').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('bad.raucb is here.').waitFor()
  await page.getByRole('button', { name: 'Drop it' }).click()
  await page.getByText('bad.raucb is here.').waitFor({ state: 'detached' })

  device.hold()
  await page.getByLabel('The file').setInputFiles(device.bundle({ version: '7.1.0' }))
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Writes 7.1.0, for holdfast-test, to slot B.').waitFor()
  await dialog.getByRole('button', { name: 'Install' }).click()
  await page.getByText('An update is being installed').first().waitFor()
  await until('it is in the middle', () => device.isHeld())
  await page.getByText(/An update is being installed: [4-9]\d %/).waitFor()
  await assertAccessible(page, 'while it is installed')
  device.release()
  await page.getByText('Another slot than the one that runs starts at the next restart').waitFor()
  await page.getByRole('button', { name: 'Restart the machine' }).waitFor()
  await page.locator('.facts').getByText('7.1.0').waitFor()

  await device.boot('B')
  await page.reload()
  await page.getByText('This version is on trial').waitFor()
  await assertAccessible(page, 'on trial')
  await page.getByRole('button', { name: 'Keep this version' }).click()
  await dialog.getByText('Tells the boot loader that the slot that runs is good.').waitFor()
  await dialog.getByRole('button', { name: 'Keep this version' }).click()
  await page.getByText('This version is on trial').waitFor({ state: 'detached' })
  assert.deepEqual(
    complaints.filter((one) => !one.includes('422')),
    [],
  )
})

test('on a phone, in German: a failure, and the way back', { skip }, async (t) => {
  const { gateway, device, chromium, address } = await start(t)
  await gateway.holdfast('ctl', 'update', 'install', device.bundle({ version: '7.1.0' }))
  await device.boot('B')
  await gateway.ctl('update', 'confirm')
  device.hold()
  const failing = Promise.allSettled([
    gateway.holdfast('ctl', 'update', 'install', device.bundle({ version: '7.2.0' })),
  ])
  await until('it is in the middle', () => device.isHeld())
  await device.kill()
  await failing
  device.release()
  await device.boot('B')

  const { page, complaints } = await visit(chromium, address, { viewport: PHONE, locale: 'de-DE' })
  await logIn(page)
  await page.getByText('Die letzte Aktualisierung ist gescheitert.').waitFor()
  await page.getByText('nicht zu Ende geschrieben').waitFor()
  await assertAccessible(page, 'failed')
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), PHONE.width)
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Zurück zur Version davor' }).click()
  await dialog.getByText('Platz A lässt sich nicht starten: Er ist nicht fertig geschrieben').waitFor()
  await dialog.getByRole('button', { name: 'Abbrechen' }).click()

  await page.getByLabel('Die Datei').setInputFiles(device.bundle({ version: '7.2.0' }))
  await dialog.getByText('Schreibt 7.2.0, für holdfast-test, auf Platz A, an Stelle von').waitFor()
  await dialog.getByRole('button', { name: 'Installieren' }).click()
  await page.getByText('Beim nächsten Neustart der Maschine startet ein anderer Platz').waitFor()
  await page.getByRole('button', { name: 'Zurück zur Version davor' }).click()
  await dialog.getByText('Lässt beim nächsten Neustart der Maschine Platz B (7.1.0) starten.').waitFor()
  await dialog.getByRole('button', { name: 'Zurück zur Version davor' }).click()
  await page.locator('.toast').getByText('Beim nächsten Neustart der Maschine startet Platz B (7.1.0).').waitFor()
  assert.deepEqual(
    complaints.filter((one) => !one.includes('409')),
    [],
  )
})
