// Who is logged in.

import { ask, onLoggedOut, onOldLogin } from './api.ts'
import { cell } from './cell.ts'
import { loadDeclared } from './declared.ts'
import { follow, unfollow } from './live.ts'

export interface SessionState {
  readonly state: 'setup' | 'out' | 'in'
  readonly name?: string
}

/** Characters of an operator's password: as gateway/passwords.ts has it. */
export const LEAST_PASSWORD = 8

/** Null before it is known. */
export const session = cell<SessionState | null>(null)
/** The wizard goes on behind its first step, which logs in. */
export const inWizard = cell(false)

async function become(state: SessionState): Promise<void> {
  if (state.state === 'in') {
    await loadDeclared()
    follow()
  } else unfollow()
  session.value = state
}

export const lookUp = async (): Promise<void> => become(await ask('GET', '/session'))
export const logIn = async (name: string, password: string): Promise<void> =>
  become(await ask('POST', '/session', { name, password }))
export const logOut = async (): Promise<void> => become(await ask('DELETE', '/session'))
export async function setUp(account: { code: string; name: string; password: string }): Promise<void> {
  const state = await ask<SessionState>('POST', '/setup', account)
  inWizard.value = true
  await become(state)
}

/** Once, for all that ask at the same time. */
let lookingUp: Promise<boolean> | undefined

onLoggedOut.call = () => {
  lookingUp ??= goOn()
    .catch(() => false)
    .finally(() => {
      lookingUp = undefined
    })
  return lookingUp
}

/** A login that ends in the middle of work is made anew: the page stays as it is, with what is typed. */
async function goOn(): Promise<boolean> {
  const state = await ask<SessionState>('GET', '/session')
  if (state.state === 'out' && session.value?.state === 'in' && (await onOldLogin.call('ended'))) return true
  await become(state)
  return state.state === 'in'
}
