// Who is logged in, in memory: a restart logs everybody out. A session is known by the SHA-256 of its cookie, ends when nobody
// used it for a while, at latest some hours after the login, and as soon as its operator is gone or has another password.

import { createHash, randomBytes } from 'node:crypto'
import type { Operator } from '../gateway/operators.ts'

export interface Session {
  readonly operator: Operator
  /** ms, monotonic. */
  readonly beganAt: number
  usedAt: number
  /** Called when it has ended, such as to end its streams. */
  readonly ended: Set<() => void>
}

export interface SessionLimits {
  readonly idleMs: number
  readonly longestMs: number
}

/** Of one operator; with one more the one that was used longest ago ends. */
const MOST_EACH = 20
const SWEEP_MS = 10_000

export class Sessions {
  readonly #limits: () => SessionLimits
  readonly #holds: (operator: Operator) => boolean
  readonly #sessions = new Map<string, Session>()
  readonly #sweep: NodeJS.Timeout

  /** @param holds is it still an operator, with that password? */
  constructor(limits: () => SessionLimits, holds: (operator: Operator) => boolean) {
    this.#limits = limits
    this.#holds = holds
    this.#sweep = setInterval(() => this.#endOver(), SWEEP_MS).unref()
  }

  get size(): number {
    return this.#sessions.size
  }

  /** @returns the cookie's value: always a new one, whatever the browser came with */
  begin(operator: Operator): string {
    this.#endOver()
    const own = [...this.#sessions].filter(([, session]) => session.operator.name === operator.name)
    const oldest = own.toSorted(([, a], [, b]) => a.usedAt - b.usedAt)
    for (const [id] of oldest.slice(0, Math.max(0, own.length + 1 - MOST_EACH))) this.#end(id)
    const secret = randomBytes(32).toString('base64url')
    const now = performance.now()
    this.#sessions.set(idOf(secret), {
      ...{ operator, beganAt: now, usedAt: now, ended: new Set<() => void>() },
    })
    return secret
  }

  /** The session of that cookie, and counts as a use of it. */
  use(secret: string): Session | undefined {
    const id = idOf(secret)
    const session = this.#sessions.get(id)
    if (!session) return undefined
    if (this.#isOver(session)) {
      this.#end(id)
      return undefined
    }
    session.usedAt = performance.now()
    return session
  }

  end(secret: string): void {
    this.#end(idOf(secret))
  }

  close(): void {
    clearInterval(this.#sweep)
    for (const id of [...this.#sessions.keys()]) this.#end(id)
  }

  /** Moments (monotonic, ms) when it ends: if nobody uses it before, and at the latest. */
  endOf({ usedAt, beganAt }: Session): { idle: number; latest: number } {
    const { idleMs, longestMs } = this.#limits()
    const latest = beganAt + longestMs
    return { idle: Math.min(usedAt + idleMs, latest), latest }
  }

  #isOver(session: Session): boolean {
    return performance.now() >= this.endOf(session).idle || !this.#holds(session.operator)
  }

  #endOver(): void {
    for (const [id, session] of this.#sessions) if (this.#isOver(session)) this.#end(id)
  }

  #end(id: string): void {
    const session = this.#sessions.get(id)
    this.#sessions.delete(id)
    for (const end of session?.ended ?? []) end()
  }
}

const idOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')
