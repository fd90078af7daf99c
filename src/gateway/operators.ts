// Who may command the gateway by its page and its console: accounts with hashed passwords in `operators` beside
// holdfast.conf. While there is none, whoever has the one-time code of this run (in the log, on the serial line) makes the first.
// Every change of the file counts at once, also one that `holdfast passwd --operator` made.

import { randomInt } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Checks } from '../access/checks.ts'
import { hashPassword, type PasswordHash, parseHash } from '../access/password-hash.ts'
import { Tries } from '../access/tries.ts'
import { passwordFault } from '../access/users.ts'
import { FewLines } from '../broker/few-lines.ts'
import type { Logger } from '../log/logger.ts'
import { HoldfastError } from '../model/errors.ts'
import { ConfigFaults } from './load.ts'
import { assertGoodPassword } from './passwords.ts'
import { OPERATORS_FILE } from './settings.ts'
import { UsersFile } from './users.ts'

/** Somebody who has proven who it is. */
export interface Operator {
  readonly name: string
  /** The hash that the password was checked against: with another password it is somebody else. */
  readonly hash: string
}

/** Of scrypt for operators: OWASP's N=2^14, r=8, p=5; 16 MB, and a quarter of a second on a small board. */
const COST = { ln: 14, p: 5 } as const

/** Wrong passwords before one has to wait: for a name from one address; for all names from one. */
const TRIES = { perName: 5, perAddress: 50 }
/** For a name from all addresses that it was never right from. */
const TRIES_EVERYWHERE = { perName: 50, perAddress: Number.POSITIVE_INFINITY }
const KNOWN_PLACES = 1000

/** As the file has it. @throws HoldfastError BAD_PASSWORD */
export async function hashOfOperator(name: string, password: string): Promise<string> {
  await assertGoodPassword(name, password)
  return hashPassword(Buffer.from(password), COST.ln, COST.p)
}

export const operatorsFile = (etcDir: string): UsersFile => new UsersFile(join(etcDir, OPERATORS_FILE))

export class Operators {
  readonly #file: UsersFile
  readonly #log: Logger
  readonly #now: () => number
  readonly #wrong: FewLines
  readonly #refused: FewLines
  readonly #checks = new Checks()
  readonly #tries = new Tries(TRIES)
  readonly #everywhere = new Tries(TRIES_EVERYWHERE)
  /** `name address` of who was right. */
  readonly #places = new Set<string>()
  readonly #code = oneTimeCode()
  #stamp = 'never read'
  #faulty = false
  #hashes: ReadonlyMap<string, PasswordHash> = new Map()

  /** @param now monotonic, ms */
  constructor(etcDir: string, log: Logger, now = () => performance.now()) {
    this.#file = operatorsFile(etcDir)
    this.#log = log
    this.#now = now
    this.#wrong = new FewLines(log, 'login_refused')
    this.#refused = new FewLines(log, 'request_refused')
  }

  get names(): string[] {
    return [...this.#current().keys()]
  }

  /** What makes the first account; undefined as soon as there is one. */
  get setupCode(): string | undefined {
    return this.#current().size === 0 && !this.#faulty ? this.#code : undefined
  }

  /** As it is now. */
  find(name: string): Operator | undefined {
    const hash = this.#current().get(name)?.text
    return hash === undefined ? undefined : { name, hash }
  }

  /** To be told of what a face refused for another reason than a wrong password: somebody may be trying. */
  refused(fields: { from: string; code: string; what: string }): void {
    this.#refused.warn(fields, this.#now())
  }

  /** Does this proof still hold? */
  holds({ name, hash }: Operator): boolean {
    return this.find(name)?.hash === hash
  }

  /**
   * @param address of the other side, or the line that it is at
   * @throws HoldfastError LOGIN (wrong), TRIES (too many wrong ones), SETUP (there is no account yet)
   */
  async login(name: string, password: string, address: string): Promise<Operator> {
    if (this.setupCode !== undefined) throw setupFirst()
    const hash = this.#current().get(name)
    const right = await this.#guarded(name, address, () => this.#check(name, password, hash))
    if (!right || !hash) throw new HoldfastError('LOGIN', 'the name or the password is wrong')
    this.#log.info({ operator: name, from: address }, 'login')
    return { name, hash: hash.text }
  }

  /** Makes the first account. @throws HoldfastError SETUP_DONE, TRIES, LOGIN (wrong code), BAD_USER */
  async setUp(account: { code: string; name: string; password: string }, address: string): Promise<Operator> {
    const { code, name, password } = account
    const right = await this.#guarded('the one-time code', address, async () => {
      if (this.setupCode === undefined) throw new HoldfastError('SETUP_DONE', 'there is an account already')
      return code.toLowerCase().replace(/[^a-z0-9]/g, '') === this.#code.replace('-', '')
    })
    if (!right) {
      throw new HoldfastError('LOGIN', 'this is not the one-time code', {
        hint: "it is in the gateway's log and on its serial line, and another one after each start",
      })
    }
    return this.#set(name, password, { first: true })
  }

  /** Another password for who knows the present one. @throws HoldfastError LOGIN, TRIES, BAD_USER */
  async changePassword(name: string, current: string, next: string, address: string): Promise<Operator> {
    await this.login(name, current, address)
    return this.#set(name, next)
  }

  /** Adds an account, or sets another password. @throws HoldfastError BAD_USER, USERS_FILE */
  async set(name: string, password: string): Promise<void> {
    await this.#set(name, password)
  }

  /** @throws HoldfastError NO_SUCH_USER; LAST_OPERATOR: whoever came next could take the gateway over */
  remove(name: string): void {
    if (this.#current().has(name) && this.#current().size === 1) {
      throw new HoldfastError('LAST_OPERATOR', `${name} is the only operator`, { hint: 'add another one before' })
    }
    this.#file.delete(name)
    this.#log.info({ operator: name }, 'operator_removed')
  }

  async #set(name: string, password: string, { first = false } = {}): Promise<Operator> {
    this.#file.assertName(name)
    const text = await hashOfOperator(name, password)
    if (first && this.setupCode === undefined) throw new HoldfastError('SETUP_DONE', 'there is an account already')
    this.#file.setHash(name, text)
    this.#log.info({ operator: name }, 'operator_set')
    return { name, hash: text }
  }

  /** Counts the try before it is made, so that many at once are no more than many one after the other. */
  async #guarded(name: string, address: string, check: () => Promise<boolean>): Promise<boolean> {
    const now = this.#now()
    const place = `${name} ${address}`
    const strange = !this.#places.has(place)
    if (this.#tries.held(name, address, now) || (strange && this.#everywhere.held(name, 'everywhere', now))) {
      this.#wrong.warn({ operator: name, from: address, why: 'too many tries' }, now)
      throw new HoldfastError('TRIES', 'too many wrong passwords; wait before the next try', {
        hint: 'each one more makes the wait longer, up to 5 minutes',
      })
    }
    this.#tries.failed(name, address, now)
    if (strange) this.#everywhere.failed(name, 'everywhere', now)
    const right = await check()
    if (!right) {
      this.#wrong.warn({ operator: name, from: address, why: 'wrong' }, now)
      return false
    }
    this.#tries.succeeded(name, address)
    this.#everywhere.succeeded(name, 'everywhere')
    this.#places.add(place)
    if (this.#places.size > KNOWN_PLACES) this.#places.delete(this.#places.values().next().value!)
    return true
  }

  /** A name that nobody has takes as long as one that somebody has. */
  async #check(name: string, password: string, known: PasswordHash | undefined): Promise<boolean> {
    const hash = known ?? DECOY
    const bytes = Buffer.from(password)
    if (passwordFault(bytes)) return false
    const outcome = await this.#checks.check(this.#checks.digest(name, bytes, hash), bytes, hash, () => true)
    return outcome === 'right' && known !== undefined
  }

  /** Read anew when the file is another one. */
  #current(): ReadonlyMap<string, PasswordHash> {
    const { ino, mtimeMs, size } = statSync(this.#file.path, { throwIfNoEntry: false }) ?? {}
    const stamp = `${ino} ${mtimeMs} ${size}`
    if (stamp !== this.#stamp) {
      this.#stamp = stamp
      this.#read()
    }
    return this.#hashes
  }

  /** Of a file with faults nothing counts, and what was known goes on. */
  #read(): void {
    try {
      this.#hashes = this.#file.users()
      this.#faulty = false
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
      this.#faulty = true
      this.#log.error({ why: error instanceof ConfigFaults ? error.text : error.message }, 'operators_faulty')
    }
  }
}

export const setupFirst = (): HoldfastError =>
  new HoldfastError('SETUP', 'there is no account yet', {
    hint: "make the first one with the one-time code from the gateway's log or its serial line",
  })

const CODE_LETTERS = '23456789abcdefghjkmnpqrstuvwxyz' // none that look alike
const CODE_LENGTH = 8

/** `k3vd-9xqt`: forty bits, to be read off one screen and typed at another. */
function oneTimeCode(): string {
  const letters = Array.from({ length: CODE_LENGTH }, () => CODE_LETTERS[randomInt(CODE_LETTERS.length)])
  return `${letters.slice(0, 4).join('')}-${letters.slice(4).join('')}`
}

/** Of no password, at the same cost. */
const DECOY = decoy()

function decoy(): PasswordHash {
  const reading = parseHash(`$scrypt$ln=${COST.ln},r=8,p=${COST.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`)
  if ('fault' in reading) throw new Error(reading.fault)
  return reading.value
}
