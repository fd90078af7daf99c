// A real Chromium, without its own wishes to call home.

import { existsSync } from 'node:fs'
import type { Browser as Chromium } from 'playwright-core'

const PROGRAM = '/usr/bin/chromium'
const MISSING = 'Chromium is not installed; as root: scripts/services install chromium'

/** Why tests in a browser can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function chromiumMissing(): string | false {
  return existsSync(PROGRAM) || process.env.CI === 'true' ? false : MISSING
}

export async function startChromium(): Promise<Chromium> {
  const { chromium } = await import('playwright-core')
  const args = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [] // it refuses to have one as root
  return chromium.launch({
    executablePath: PROGRAM,
    args: [...args, ...sandbox, '--disable-component-update', '--disable-sync'],
  })
}
