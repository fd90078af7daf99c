// What the console asks of the gateway, whether it runs inside of it or in a process of its own.

import { createHash } from 'node:crypto'
import type { Candidate, Commands } from '../gateway/commands.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Operator } from '../gateway/operators.ts'

export interface Host extends Pick<Commands, 'run' | 'preview' | 'follow'> {
  complete(words: readonly string[]): readonly Candidate[] | Promise<readonly Candidate[]>
  /** Who is logged in is logged out after so long without a key; null: never. */
  idleMs(): number | null | Promise<number | null>
  /** What makes the first account, while there is none. */
  setupCode(): string | undefined | Promise<string | undefined>
  /** @param from the line. @throws HoldfastError: LOGIN, TRIES */
  login(name: string, password: string, from: string): Promise<Proof>
  /** Makes the first account. @throws HoldfastError: what is wrong with the name or the password */
  setUp(account: { code: string; name: string; password: string }, from: string): Promise<Proof>
  /** @throws HoldfastError: LOGIN, TRIES, what is wrong with the new one */
  changePassword(change: { name: string; current: string; next: string }, from: string): Promise<Proof>
  /** Is the account still there, with the same password? */
  holds(proof: Proof): boolean | Promise<boolean>
}

/** That somebody has given a right password. */
export interface Proof {
  readonly name: string
  /** Of the stored hash, which stays where it is. */
  readonly digest: string
}

const proofOf = ({ name, hash }: Operator): Proof => ({
  name,
  digest: createHash('sha256').update(hash).digest('base64'),
})

/** The gateway of this process. */
export function hostOf(gateway: Gateway): Host {
  const { commands, operators } = gateway
  return {
    idleMs() {
      const idle = gateway.settings['console.idle']
      return Number.isFinite(idle) ? idle : null
    },
    run: (name, input, caller) => commands.run(name, input, caller),
    preview: (...args) => commands.preview(...args),
    follow: (name, input, signal) => commands.follow(name, input, signal),
    complete: (words) => commands.complete(words),
    setupCode: () => operators.setupCode,
    login: async (name, password, from) => proofOf(await operators.login(name, password, from)),
    setUp: async (account, from) => proofOf(await operators.setUp(account, from)),
    changePassword: async ({ name, current, next }, from) =>
      proofOf(await operators.changePassword(name, current, next, from)),
    holds({ name, digest }) {
      const operator = operators.find(name)
      return operator !== undefined && proofOf(operator).digest === digest
    },
  }
}

export interface ConsoleOptions {
  readonly host: Host
  /** The line's name, such as `console /dev/ttyGS0`: for the tries, and for histories. */
  readonly from: string
  /** One login, and then it ends: on a terminal that somebody opened for it. */
  readonly once?: boolean
}
