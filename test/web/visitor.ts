// Somebody with a browser in front of a gateway's page.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser as Chromium, Page } from 'playwright-core'
import type { GatewayProcess } from '../helpers/gateway.ts'

export const ACCOUNT = { name: 'ada', password: 'correct horse' } as const
export const PHONE = { width: 360, height: 740 } as const
export const DESKTOP = { width: 1280, height: 800 } as const

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export interface Visitor {
  readonly page: Page
  /** What the browser complained of: errors of scripts, refused by the policy, requests that failed. */
  readonly complaints: string[]
}

/** @param options of the browser's context, such as `{ viewport: PHONE, locale: 'de-DE' }` */
export async function visit(
  chromium: Chromium,
  url: string,
  options: Parameters<Chromium['newContext']>[0] = {},
): Promise<Visitor> {
  const context = await chromium.newContext({ viewport: DESKTOP, locale: 'en-GB', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  const { origin } = new URL(url)
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) complaints.push(`asks elsewhere: ${request.url()}`)
  })
  await page.goto(url)
  return { page, complaints }
}

/** Makes the first account. @returns where the page is */
export async function setUp(gateway: GatewayProcess): Promise<string> {
  const { url, code } = await gateway.web()
  const { status } = await fetch(`${url}/api/v1/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ code, ...ACCOUNT }),
  })
  assert.equal(status, 200)
  return url
}

export async function logIn(page: Page): Promise<void> {
  await page.getByLabel(/^Name/).fill(ACCOUNT.name)
  await page.getByLabel(/^Pass/).fill(ACCOUNT.password)
  await page.keyboard.press('Enter')
  await page.locator('.places').waitFor()
}

/** No fault of accessibility that axe can find. It comes by the debugger: the page's policy lets no script in. */
export async function assertAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(AXE)
  const found = await page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: axe has put itself there
    const { violations } = await (globalThis as any).axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    })
    return violations.map((one: { id: string; nodes: { html: string; failureSummary: string }[] }) => ({
      id: one.id,
      nodes: one.nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`),
    }))
  })
  assert.deepEqual(found, [], where)
}
