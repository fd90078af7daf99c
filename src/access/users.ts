// The users file: `name:hash`, one a line; lines that begin with `#` are comments.

import type { Faults } from '../config/fault.ts'
import { textLines } from '../config/text.ts'
import { type PasswordHash, parseHash } from './password-hash.ts'

export type Users = ReadonlyMap<string, PasswordHash>

/** No name and no password of a user is longer, bytes. */
const MAX_NAME_BYTES = 256
const MAX_PASSWORD_BYTES = 1024

export function parseUsers(file: string, content: Buffer, faults: Faults): Users {
  const users = new Map<string, PasswordHash>()
  for (const { line, text } of textLines(file, content, faults)) {
    const column = text.search(/\S/) + 1
    const place = { file, line, column }
    const [, name, hash] = /^\s*([^:]*):(.*?)\s*$/.exec(text) ?? []
    const fault = name === undefined ? 'expected name:hash' : nameFault(name)
    if (fault !== undefined || name === undefined) {
      faults.error(place, fault!, 'holdfast passwd NAME writes such a line')
      continue
    }
    const reading = parseHash(hash!)
    if ('fault' in reading) {
      faults.error({ ...place, column: text.indexOf(':') + 2 }, reading.fault, `holdfast passwd ${name} sets a new one`)
    } else if (users.has(name)) faults.error(place, `user ${name} is there twice`)
    else users.set(name, reading.value)
  }
  return users
}

/** @returns why nobody may be called so, or undefined */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'a name must not be empty'
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `a name has at most ${MAX_NAME_BYTES} bytes`
  if (name.startsWith('#')) return "a name must not begin with '#'"
  if (/[:\x00-\x1f\x7f\ufffd]|^\s|\s$/.test(name)) {
    return "a name must not hold ':' or control characters, nor begin or end with a space"
  }
  return undefined
}

/** @returns why this can't be a password, or undefined */
export function passwordFault(password: Buffer): string | undefined {
  if (password.length === 0) return 'a password must not be empty'
  if (password.includes(0)) return 'a password must not hold NUL' // scrypt takes 'x' and 'x\0' for the same
  return password.length > MAX_PASSWORD_BYTES ? `a password has at most ${MAX_PASSWORD_BYTES} bytes` : undefined
}

/**
 * The file's text with this user's line changed, added at the end, or taken away (hash undefined); the rest stays as it
 * is, comments included.
 */
export function withUser(text: string, name: string, hash: string | undefined): string {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const at = lines.findIndex((line) => line.trimStart().startsWith(`${name}:`))
  const own = hash === undefined ? [] : [`${name}:${hash}`]
  if (at < 0) lines.push(...own)
  else lines.splice(at, 1, ...own)
  return lines.map((line) => `${line}\n`).join('')
}
