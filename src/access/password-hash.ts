// Hashed passwords, as PHC strings: `$scrypt$ln=14,r=8,p=1$salt$digest`, `$argon2id$v=19$m=19456,t=2,p=1$salt$digest`
// (argon2i and argon2d too); salt and digest in base64 without padding.

import { argon2, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Reading } from '../config/values.ts'

export interface PasswordHash {
  /** The PHC string. */
  readonly text: string
  /** What one check takes while it runs, bytes. */
  readonly memoryBytes: number
  /** Takes tens of milliseconds or more, in libuv's pool of threads. */
  verify(password: Buffer): Promise<boolean>
}

/** log2 of scrypt's N for new hashes: 16 MB, and some 50 ms a check on a small computer. r and p are 8 and 1. */
export const DEFAULT_COST = 14
/** No check may take more: a board has 512 MB for everything. */
export const MAX_CHECK_BYTES = 64 * 2 ** 20
const SALT_BYTES = 16
const DIGEST_BYTES = 32

const MOST_COST = 16
const LEAST_COST = 10
export const COSTS = { min: LEAST_COST, max: MOST_COST }

const BASE64 = '[A-Za-z0-9+/]{11,172}'
const SCRYPT = new RegExp(`^\\$scrypt\\$ln=(\\d{1,2}),r=(\\d{1,2}),p=(\\d{1,2})\\$(${BASE64})\\$(${BASE64})$`)
const ARGON2 = new RegExp(
  `^\\$(argon2(?:id|i|d))\\$v=19\\$m=(\\d{1,7}),t=(\\d{1,2}),p=(\\d{1,2})\\$(${BASE64})\\$(${BASE64})$`,
)
const EXPECTED = 'expected a hash such as $scrypt$ln=14,r=8,p=1$… or $argon2id$v=19$m=19456,t=2,p=1$…'

/** Neither the text nor a part of it is in the fault: it may be a password in clear. */
export function parseHash(text: string): Reading<PasswordHash> {
  if (/^\$[67]\$/.test(text)) return { fault: 'the hashes of mosquitto_passwd are not taken' }
  const reading = parseScrypt(text) ?? parseArgon2(text) ?? { fault: EXPECTED }
  if ('fault' in reading || reading.value.memoryBytes <= MAX_CHECK_BYTES) return reading
  const megabytes = Math.ceil(reading.value.memoryBytes / 2 ** 20)
  return {
    fault: `a check of this hash would take ${megabytes} MB of memory, at most ${MAX_CHECK_BYTES / 2 ** 20} may be`,
  }
}

/** @param cost log2 of scrypt's N, within COSTS. @param p how often: time without memory */
export async function hashPassword(password: Buffer, cost = DEFAULT_COST, p = 1): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const digest = await deriveScrypt(password, salt, DIGEST_BYTES, scryptOptions(cost, 8, p))
  return `$scrypt$ln=${cost},r=8,p=${p}$${base64(salt)}$${base64(digest)}`
}

type Derive = (password: Buffer, salt: Buffer, length: number) => Promise<Buffer>

function parseScrypt(text: string): Reading<PasswordHash> | undefined {
  const [, ln, r, p, salt, digest] = SCRYPT.exec(text) ?? []
  if (!salt || !digest) return undefined
  const options = scryptOptions(Number(ln), Number(r), Number(p))
  if (Number(ln) < 1 || Number(ln) > 30 || options.r < 1 || options.p < 1) return { fault: EXPECTED }
  const derive: Derive = (password, saltBytes, length) => deriveScrypt(password, saltBytes, length, options)
  return { value: hashOf({ text, salt, digest, memoryBytes: 128 * options.N * options.r, derive }) }
}

function parseArgon2(text: string): Reading<PasswordHash> | undefined {
  const [, algorithm, m, t, p, salt, digest] = ARGON2.exec(text) ?? []
  if (!salt || !digest) return undefined
  const options = { memory: Number(m), passes: Number(t), parallelism: Number(p) }
  if (options.passes < 1 || options.parallelism < 1 || options.memory < 8 * options.parallelism) {
    return { fault: EXPECTED }
  }
  const derive: Derive = (message, nonce, tagLength) =>
    deriveArgon2(algorithm as 'argon2id', { message, nonce, tagLength, ...options })
  return { value: hashOf({ text, salt, digest, memoryBytes: 1024 * options.memory, derive }) }
}

interface HashParts {
  readonly text: string
  readonly salt: string
  readonly digest: string
  readonly memoryBytes: number
  readonly derive: Derive
}

function hashOf({ text, salt, digest, memoryBytes, derive }: HashParts): PasswordHash {
  const expected = Buffer.from(digest, 'base64')
  const saltBytes = Buffer.from(salt, 'base64')
  return {
    text,
    memoryBytes,
    verify: async (password) => timingSafeEqual(await derive(password, saltBytes, expected.length), expected),
  }
}

const deriveScrypt = promisify<Buffer, Buffer, number, ReturnType<typeof scryptOptions>, Buffer>(scrypt)
const deriveArgon2 = promisify(argon2)

function scryptOptions(ln: number, r: number, p: number) {
  const N = 2 ** ln
  return { N, r, p, maxmem: 128 * r * (N + p) + 2 ** 20 }
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
