// Files of accounts, read and changed: the users who may connect (`holdfast passwd`), the operators.

import { readFileSync } from 'node:fs'
import { hashPassword } from '../access/password-hash.ts'
import { nameFault, parseUsers, passwordFault, type Users, withUser } from '../access/users.ts'
import { Faults } from '../config/fault.ts'
import { HoldfastError } from '../model/errors.ts'
import { replaceFile } from '../system/disk.ts'
import { ConfigFaults, usersFile } from './load.ts'

export { COSTS, DEFAULT_COST } from '../access/password-hash.ts'

const OWNER_ONLY = 0o600

export class UsersFile {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Those who may connect. @throws ConfigFaults where holdfast.conf does not say where the file is */
  static ofClients(etcDir: string): UsersFile {
    return new UsersFile(usersFile(etcDir))
  }

  /** @throws ConfigFaults */
  users(): Users {
    return this.#read().users
  }

  /**
   * Adds a user, or sets another password.
   * @param cost log2 of scrypt's N. @returns whether the user is new. @throws ConfigFaults; HoldfastError BAD_USER
   */
  async set(name: string, password: Buffer, cost: number): Promise<boolean> {
    this.assertName(name)
    const fault = passwordFault(password)
    if (fault) throw new HoldfastError('BAD_USER', fault)
    return this.setHash(name, await hashPassword(password, cost))
  }

  /** @param hash PHC string. @returns whether the user is new. @throws ConfigFaults; HoldfastError USERS_FILE */
  setHash(name: string, hash: string): boolean {
    const { text, users } = this.#read()
    this.#write(withUser(text, name, hash))
    return !users.has(name)
  }

  /** @throws ConfigFaults; HoldfastError NO_SUCH_USER */
  delete(name: string): void {
    this.assertThere(name)
    this.#write(withUser(this.#read().text, name, undefined))
  }

  /** @throws ConfigFaults; HoldfastError NO_SUCH_USER */
  assertThere(name: string): void {
    const users = this.users()
    if (users.has(name)) return
    throw new HoldfastError('NO_SUCH_USER', `there is no user ${name} in ${this.path}`, {
      hint: `users: ${[...users.keys()].join(', ') || 'none'}`,
    })
  }

  /** @throws HoldfastError BAD_USER */
  assertName(name: string): void {
    const fault = nameFault(name)
    if (fault) throw new HoldfastError('BAD_USER', fault)
  }

  #read() {
    const text = readText(this.path)
    const faults = new Faults()
    const users = parseUsers(this.path, Buffer.from(text), faults)
    if (faults.list.length > 0) throw new ConfigFaults(faults.list)
    return { text, users }
  }

  #write(text: string): void {
    try {
      replaceFile(this.path, text, OWNER_ONLY)
    } catch (cause) {
      throw new HoldfastError('USERS_FILE', `the users can't be written: ${(cause as Error).message}`, { cause })
    }
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw new HoldfastError('USERS_FILE', `the users can't be read: ${(cause as Error).message}`, { cause })
  }
}
