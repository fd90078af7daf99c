// The users who may connect by MQTT, changed while the gateway runs: each change is in the users file, and counts at once.

import type { AccessControl, AccessRules } from '../access/access.ts'
import type { Logger } from '../log/logger.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Caller } from './commands/command.ts'
import { DEFAULT_COST, UsersFile } from './users.ts'

export interface DeviceUsersOptions {
  readonly access: AccessControl
  readonly log: Logger
  /** Of the users. */
  file(): string
  /** From now on these rules count. @returns clients that were disconnected by that */
  use(rules: AccessRules): number
}

export class DeviceUsers {
  readonly #o: DeviceUsersOptions

  constructor(options: DeviceUsersOptions) {
    this.#o = options
  }

  /** That count at the moment. */
  get rules(): AccessRules {
    return this.#o.access.edition.rules
  }

  /** @returns clients that were disconnected: those without a name, by the first user. @throws ConfigFaults; HoldfastError USER_EXISTS, BAD_USER, USERS_FILE */
  async add(name: string, password: string, caller: Caller): Promise<number> {
    if (this.#file.users().has(name)) {
      throw new HoldfastError('USER_EXISTS', `there is a user ${name} already`, {
        hint: '`user passwd` sets another password',
      })
    }
    return this.#set(name, password, caller)
  }

  /** @returns clients that were disconnected. @throws ConfigFaults; HoldfastError NO_SUCH_USER, BAD_USER, USERS_FILE */
  async setPassword(name: string, password: string, caller: Caller): Promise<number> {
    this.#file.assertThere(name)
    return this.#set(name, password, caller)
  }

  /** @returns clients that were disconnected. @throws ConfigFaults; HoldfastError NO_SUCH_USER, USERS_FILE */
  remove(name: string, caller: Caller): number {
    this.#file.delete(name)
    return this.#takeUp('user_removed', name, caller)
  }

  get #file(): UsersFile {
    return new UsersFile(this.#o.file())
  }

  async #set(name: string, password: string, caller: Caller): Promise<number> {
    await this.#file.set(name, Buffer.from(password), DEFAULT_COST)
    return this.#takeUp('user_set', name, caller)
  }

  #takeUp(message: string, user: string, { who, from }: Caller): number {
    const disconnected = this.#o.use({ ...this.rules, users: this.#file.users() })
    this.#o.log.info({ user, who, from, disconnected }, message)
    return disconnected
  }
}
