// Who is logged in to the page, in memory: a restart logs everybody out. A login is known by the SHA-256 of its cookie, ends when
// nobody used it for a while, at latest some hours after it began, and as soon as its operator is gone or has another password.

import { createHash, randomBytes } from 'node:crypto'
import { HoldfastError } from '../model/errors.ts'
import type { Operator } from './operators.ts'

export interface Login {
  readonly operator: Operator
  /** Address of the other side. */
  readonly from: string
  /** ms, monotonic. */
  readonly beganAt: number
  usedAt: number
  /** Called when it has ended, such as to end its streams. */
  readonly ended: Set<() => void>
}

export interface LoginLimits {
  readonly idleMs: number
  readonly longestMs: number
}

/** Of one operator; with one more the one that was used longest ago ends. */
const MOST_EACH = 20
const SWEEP_MS = 10_000
/** Of an id, for people. */
const SHOWN = 8

export class Logins {
  readonly #limits: () => LoginLimits
  readonly #holds: (operator: Operator) => boolean
  readonly #logins = new Map<string, Login>()
  readonly #sweep: NodeJS.Timeout

  /** @param holds is it still an operator, with that password? */
  constructor(limits: () => LoginLimits, holds: (operator: Operator) => boolean) {
    this.#limits = limits
    this.#holds = holds
    this.#sweep = setInterval(() => this.#endOver(), SWEEP_MS).unref()
  }

  get size(): number {
    return this.#logins.size
  }

  /** @returns the cookie's value: always a new one, whatever the browser came with */
  begin(operator: Operator, from: string): string {
    this.#endOver()
    const own = [...this.#logins].filter(([, login]) => login.operator.name === operator.name)
    const oldest = own.toSorted(([, a], [, b]) => a.usedAt - b.usedAt)
    for (const [id] of oldest.slice(0, Math.max(0, own.length + 1 - MOST_EACH))) this.#end(id)
    const secret = randomBytes(32).toString('base64url')
    const now = performance.now()
    this.#logins.set(idOf(secret), {
      ...{ operator, from, beganAt: now, usedAt: now, ended: new Set<() => void>() },
    })
    return secret
  }

  /** The login of that cookie, and counts as a use of it. */
  use(secret: string): Login | undefined {
    const id = idOf(secret)
    const login = this.#logins.get(id)
    if (!login) return undefined
    if (this.#isOver(login)) {
      this.#end(id)
      return undefined
    }
    login.usedAt = performance.now()
    return login
  }

  /** With the names that they have for people. */
  list(): (Login & { readonly id: string })[] {
    this.#endOver()
    return [...this.#logins].map(([id, login]) => ({ ...login, id: id.slice(0, SHOWN) }))
  }

  /** @param name as `list` has it, or all. @returns how many. @throws HoldfastError NO_SUCH_LOGIN */
  endNamed(name: string): number {
    const ids = [...this.#logins.keys()].filter((id) => name === 'all' || id.slice(0, SHOWN) === name)
    if (ids.length === 0 && name !== 'all') {
      throw new HoldfastError('NO_SUCH_LOGIN', `there is no login ${name}`, { hint: '`logins` lists them' })
    }
    for (const id of ids) this.#end(id)
    return ids.length
  }

  end(secret: string): void {
    this.#end(idOf(secret))
  }

  close(): void {
    clearInterval(this.#sweep)
    for (const id of [...this.#logins.keys()]) this.#end(id)
  }

  /** Moments (monotonic, ms) when it ends: if nobody uses it before, and at the latest. */
  endOf({ usedAt, beganAt }: Login): { idle: number; latest: number } {
    const { idleMs, longestMs } = this.#limits()
    const latest = beganAt + longestMs
    return { idle: Math.min(usedAt + idleMs, latest), latest }
  }

  #isOver(login: Login): boolean {
    return performance.now() >= this.endOf(login).idle || !this.#holds(login.operator)
  }

  #endOver(): void {
    for (const [id, login] of this.#logins) if (this.#isOver(login)) this.#end(id)
  }

  #end(id: string): void {
    const login = this.#logins.get(id)
    this.#logins.delete(id)
    for (const end of login?.ended ?? []) end()
  }
}

const idOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')
