// Wrong passwords, limited. One name from one address waits longer with each try beyond the first few; an address as a
// whole, many names guessed from it, has so many tries, and then some a minute. A device with an old password behind a
// router so holds up itself, not its neighbours. Bounded: of too many entries the least lately used ones go.

import { networkOf } from '../model/network.ts'

export interface TryLimits {
  /** Wrong passwords for one name from one address before it has to wait; Infinity: never. */
  readonly perName: number
  /** Wrong passwords from one address before the rest of its tries come slowly; Infinity: never. */
  readonly perAddress: number
}

const FIRST_DELAY_MS = 1000
const LONGEST_DELAY_MS = 5 * 60_000
/** What an address has got back after its first tries, each minute. */
const TRIES_A_MINUTE = 10
/** A name's wrong passwords are forgotten after so long without another. */
const FORGOTTEN_AFTER_MS = 15 * 60_000
const MOST_ENTRIES = 10_000

interface Entry {
  /** Wrong passwords; of an address: less those that time gave back. */
  failures: number
  /** Of the last change, ms. */
  at: number
}

export class Tries {
  readonly #limits: TryLimits
  readonly #names = new Map<string, Entry>()
  readonly #addresses = new Map<string, Entry>()

  constructor(limits: TryLimits) {
    this.#limits = limits
  }

  /** Must this name from this address wait? `now` is monotonic, ms. */
  held(name: string, address: string, now: number): boolean {
    return this.#nameHeld(this.#names.get(pair(name, address)), now) || this.#addressHeld(networkOf(address), now)
  }

  failed(name: string, address: string, now: number): void {
    const key = pair(name, address)
    const known = this.#names.get(key)
    const failures = known && now - known.at < FORGOTTEN_AFTER_MS ? known.failures : 0
    remember(this.#names, key, { failures: failures + 1, at: now })
    const network = networkOf(address)
    remember(this.#addresses, network, { failures: this.#spent(network, now) + 1, at: now })
  }

  succeeded(name: string, address: string): void {
    this.#names.delete(pair(name, address))
  }

  /** Names and addresses that wait now. */
  figures(now: number): { names: number; addresses: number } {
    return {
      names: [...this.#names.values()].filter((entry) => this.#nameHeld(entry, now)).length,
      addresses: [...this.#addresses.keys()].filter((network) => this.#addressHeld(network, now)).length,
    }
  }

  #nameHeld(entry: Entry | undefined, now: number): boolean {
    const over = entry ? entry.failures - this.#limits.perName : -1
    return over >= 0 && now - entry!.at < Math.min(FIRST_DELAY_MS * 2 ** over, LONGEST_DELAY_MS)
  }

  #addressHeld(network: string, now: number): boolean {
    return this.#spent(network, now) > this.#limits.perAddress - 1
  }

  #spent(network: string, now: number): number {
    const entry = this.#addresses.get(network)
    return entry ? Math.max(0, entry.failures - ((now - entry.at) / 60_000) * TRIES_A_MINUTE) : 0
  }
}

function remember(entries: Map<string, Entry>, key: string, entry: Entry): void {
  entries.delete(key) // so that it is inserted anew, as the newest
  entries.set(key, entry)
  if (entries.size > MOST_ENTRIES) entries.delete(entries.keys().next().value!)
}

const pair = (name: string, address: string): string => `${networkOf(address)} ${name}`
