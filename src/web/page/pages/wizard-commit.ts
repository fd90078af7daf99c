// What the wizard puts into the configuration.

import { faultOf, run } from '../api.ts'
import { t } from '../texts.ts'

/** Time for the page to find the gateway again. */
const CONFIRM_MIN = '1'

/**
 * Sets the keys and commits. The page confirms it by itself: if a listener or its own address changed so that it can't, the gateway
 * takes it back. What is so already is fine. @throws Fault
 */
export async function commitKeys(keys: readonly (readonly [key: string, value: string])[]): Promise<void> {
  for (const [key, value] of keys) await run('config set', { key, value })
  try {
    await run('config commit', { confirm: CONFIRM_MIN, comment: t('wizard.comment') })
  } catch (error) {
    if (faultOf(error).code === 'NOTHING_TO_COMMIT') return
    throw error
  }
  await run('config confirm')
}
