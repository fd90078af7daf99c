// Who this journal is. Marks in the remotes are kept by the journal's id, so a copy of the folder must not go on under the
// same one: it would skip what its twin has sent. A copy shows by another machine, or by a file that is another file.

import { randomBytes } from 'node:crypto'
import type { Seq } from '../model/event.ts'
import { type FileIdentity, type Machine, sameFile } from '../system/machine.ts'
import type { JournalIdentity } from './journal.ts'

const ID_BYTES = 16
const NODE_DIGITS = 12

/** The identity as it is stored: with the place where it is at home. */
export interface StoredIdentity extends JournalIdentity {
  readonly machine: Machine
  readonly file: FileIdentity
}

export interface Place {
  readonly machine: Machine
  readonly file: FileIdentity
}

export function newIdentity(place: Place): StoredIdentity {
  return { id: randomBytes(ID_BYTES).toString('hex'), parent: null, inheritedUpTo: 0, copied: 0, ...place }
}

/** A new id for a journal that turned out to be a copy. @param lastSeq newest row, written under the old id */
export function renewed(old: StoredIdentity, place: Place, lastSeq: Seq): StoredIdentity {
  return { ...newIdentity(place), parent: old.id, inheritedUpTo: lastSeq, copied: old.copied + 1 }
}

/** Why the journal in `place` is a copy of the one that was stored, or undefined when it is the same. */
export function copiedBecause(stored: StoredIdentity, place: Place): string | undefined {
  if (stored.machine.id !== place.machine.id) return 'another machine id'
  if (stored.machine.serial !== place.machine.serial) return 'another board'
  if (!sameFile(stored.file, place.file)) return 'another file'
  return undefined
}

/** The 48 bits that message ids take from the journal's id. */
export function nodeBits(identity: JournalIdentity): number {
  return Number.parseInt(identity.id.slice(0, NODE_DIGITS), 16)
}

/** Without the place, for others. */
export function publicIdentity({ id, parent, inheritedUpTo, copied }: StoredIdentity): JournalIdentity {
  return { id, parent, inheritedUpTo, copied }
}
