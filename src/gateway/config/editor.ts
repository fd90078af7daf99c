// The candidate: a copy of the configuration that is edited, kept over a restart. There is one, whatever the face, and it has
// an owner: two people who edit at once see each other, and do not commit each other's half of a change.

import { HoldfastError } from '../../model/errors.ts'
import type { Caller } from '../commands/command.ts'
import { assertName, assertSize, digestOf, type EtcFolder, type Files } from './files.ts'
import type { Candidate, ConfigStore } from './store.ts'

export interface EditOptions {
  /** Go on with what another owner began. */
  readonly take?: boolean | undefined
  /** The candidate's, as the caller has seen it; 0: there was none. */
  readonly revision?: number | undefined
}

export class Editor {
  readonly #store: ConfigStore
  readonly #etc: EtcFolder
  readonly #now: () => number
  #candidate: Candidate | undefined

  constructor(store: ConfigStore, etc: EtcFolder, now: () => number) {
    this.#store = store
    this.#etc = etc
    this.#now = now
    this.#candidate = store.candidate
  }

  get candidate(): Candidate | undefined {
    return this.#candidate
  }

  /** As they would be. */
  get files(): Files {
    return this.#candidate?.files ?? this.#etc.read()
  }

  /** @throws HoldfastError CANDIDATE_TAKEN, CHANGED_MEANWHILE, BAD_FILE, TOO_LARGE */
  change(caller: Caller, options: EditOptions, edit: (files: Map<string, Buffer>) => void): Candidate {
    this.assertFree(caller, options)
    const etc = this.#etc.read()
    const { base = digestOf(etc), since = this.#now(), revision = 0, files = etc } = this.#candidate ?? {}
    const edited = new Map(files)
    edit(edited)
    for (const [name, content] of edited) {
      if (content === files.get(name)) continue
      assertName(name)
      assertSize(name, content)
    }
    return this.#keep({ base, since, owner: caller, revision: revision + 1, files: edited })
  }

  /** The configuration was changed beside the candidate, which gets the same change, if it was up to date. */
  follow(before: string, after: Files, edit: (files: Map<string, Buffer>) => void): void {
    if (this.#candidate?.base !== before) return
    const files = new Map(this.#candidate.files)
    edit(files)
    this.#keep({ ...this.#candidate, base: digestOf(after), files })
  }

  /** @throws HoldfastError CANDIDATE_TAKEN, CHANGED_MEANWHILE */
  assertFree(caller: Caller, { take, revision }: EditOptions): void {
    const owner = this.#candidate?.owner
    if (owner && owner.who !== caller.who && !take) {
      throw new HoldfastError('CANDIDATE_TAKEN', `${owner.who} (${owner.from}) is changing the configuration`, {
        hint: '--take goes on with that change; `config diff` shows it, `config discard --take` drops it',
      })
    }
    const current = this.#candidate?.revision ?? 0
    if (revision !== undefined && revision !== current) {
      throw new HoldfastError('CHANGED_MEANWHILE', `the candidate is at revision ${current}, not ${revision}`, {
        hint: 'look at it again: somebody else has edited it',
      })
    }
  }

  clear(): void {
    this.#candidate = undefined
    this.#store.candidate = undefined
  }

  #keep(candidate: Candidate): Candidate {
    this.#store.candidate = candidate
    this.#candidate = candidate
    return candidate
  }
}
