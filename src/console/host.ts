// What the console asks of the gateway, whether it runs inside of it or in a process of its own.

import type { Candidate, Commands } from '../gateway/commands.ts'
import type { Gateway } from '../gateway/gateway.ts'

export interface Host extends Pick<Commands, 'run' | 'preview' | 'follow'> {
  complete(words: readonly string[]): readonly Candidate[] | Promise<readonly Candidate[]>
  /** Who is logged in is logged out after so long without a key; null: never. */
  idleMs(): number | null | Promise<number | null>
  /** What makes the first account, while there is none. */
  setupCode(): string | undefined | Promise<string | undefined>
  /** @param from the line. @throws HoldfastError: LOGIN, TRIES */
  login(name: string, password: string, from: string): Promise<void>
  /** Makes the first account. @throws HoldfastError: what is wrong with the name or the password */
  setUp(account: { code: string; name: string; password: string }, from: string): Promise<void>
  /** @throws HoldfastError: LOGIN, TRIES, what is wrong with the new one */
  changePassword(change: { name: string; current: string; next: string }, from: string): Promise<void>
}

/** The gateway of this process. */
export function hostOf(gateway: Gateway): Host {
  const { commands, operators } = gateway
  return {
    idleMs() {
      const idle = gateway.settings['console.idle']
      return Number.isFinite(idle) ? idle : null
    },
    run: (name, input, caller) => commands.run(name, input, caller),
    preview: (name, input) => commands.preview(name, input),
    follow: (name, input, signal) => commands.follow(name, input, signal),
    complete: (words) => commands.complete(words),
    setupCode: () => operators.setupCode,
    async login(name, password, from) {
      await operators.login(name, password, from)
    },
    async setUp(account, from) {
      await operators.setUp(account, from)
    },
    async changePassword({ name, current, next }, from) {
      await operators.changePassword(name, current, next, from)
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
