// Passwords of operators: what is too easily guessed is refused when it is set. ASVS 5.0 6.2: at least eight characters, none of
// the usual ones, not made of words that stand near at hand here; nothing else is asked of them.

import { hostname } from 'node:os'
import { passwordFault } from '../access/users.ts'
import { HoldfastError } from '../model/errors.ts'

/** Fewer characters are too easily guessed. */
export const LEAST_PASSWORD = 8
/** What must be left when the words at hand are taken out. */
const LEAST_OWN = 4

/** Words that everybody tries first at a gateway. */
const AT_HAND = ['holdfast', 'gateway', 'mqtt', 'broker', 'admin', 'operator', 'password', 'passwort', 'emqx']

/** @param name of the account. @throws HoldfastError BAD_PASSWORD */
export async function assertGoodPassword(name: string, password: string): Promise<void> {
  const fault = passwordFault(Buffer.from(password)) ?? (await weakness(name, password))
  if (fault !== undefined) throw new HoldfastError('BAD_PASSWORD', fault)
}

async function weakness(name: string, password: string): Promise<string | undefined> {
  if ([...password].length < LEAST_PASSWORD) return `a password has at least ${LEAST_PASSWORD} characters`
  const plain = password.toLowerCase()
  if (new Set(plain).size < LEAST_OWN) return 'a password has at least four different characters'
  const words = [...AT_HAND, name, hostname()].map((word) => word.toLowerCase()).filter((word) => word.length > 2)
  const own = words.reduce((rest, word) => rest.replaceAll(word, ''), plain)
  if (own.replace(/\P{L}/gu, '').length < LEAST_OWN && own !== plain) {
    return 'a password is more than the names of the account and the gateway'
  }
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  return dictionary['passwords-common'].includes(plain) ? 'this password is one of the first that are tried' : undefined
}
