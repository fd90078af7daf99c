// What the threads say to each other.

import type { MessagePort } from 'node:worker_threads'
import type { PoolId } from '../model/binding.ts'
import type { Seq } from '../model/event.ts'
import type { JournalIdentity } from './journal.ts'
import type { Gap, LetterDraft } from './lanes.ts'

/** What may change while the writer runs. */
export interface WriterLimits {
  readonly maxBytes: number
  readonly reserveBytes: number
  readonly full: 'refuse' | 'drop_oldest'
  readonly retainMs: number
}

export const writerLimits = ({ maxBytes, reserveBytes, full, retainMs }: WriterLimits): WriterLimits => ({
  maxBytes,
  reserveBytes,
  full,
  retainMs,
})

/** What the writer is started with. */
export interface WriterStart {
  readonly file: string
  readonly shared: SharedArrayBuffer
  /** Name and SQL; a page names a statement by its index here. */
  readonly statements: readonly (readonly [string, string])[]
  readonly limits: WriterLimits
  /** Names of floors that are yet to be told: until then they hold everything. */
  readonly floors: readonly string[]
  /** Main thread's wall clock less Date.now(), ms. */
  readonly clockSkewMs: number
}

// main → writer

export interface Batch {
  readonly kind: 'batch'
  readonly page: ArrayBuffer
  readonly used: number
  /** Binding sets that no commit has confirmed yet: number and JSON list of bindings. */
  readonly sets: readonly (readonly [number, string])[]
  /** Wall time, ms. */
  readonly now: number
}

export type ToWriter =
  | Batch
  | { readonly kind: 'lanes'; readonly port: MessagePort }
  | { readonly kind: 'floor'; readonly name: string; readonly seq: Seq }
  | { readonly kind: 'identity'; readonly identity: JournalIdentity }
  | { readonly kind: 'limits'; readonly limits: WriterLimits }
  | { readonly kind: 'close' }

// writer → main

/** Fate of a batch. */
export interface Answer {
  readonly kind: 'answer'
  /** The page comes back. */
  readonly page: ArrayBuffer
  /** Events were left out for want of room: why. Local writes are in. */
  readonly refused: string | null
  /** The commit failed: nothing is in; the writer keeps the local writes for the next one. */
  readonly failed: { readonly code: string; readonly message: string; readonly noSpace: boolean } | null
  /** From its begin until it was on disk. */
  readonly commitMs: number
  readonly report: Report
}

export interface Report {
  readonly rows: number
  /** The oldest row; 0 when there is none. */
  readonly firstSeq: Seq
  /** Every lane is past the rows up to here. */
  readonly forwardedUpTo: Seq
  readonly bytes: number
  readonly commits: number
  readonly commitMsSum: number
  readonly commitMsMax: number
  readonly bytesWritten: number
  readonly freeBytes: number
  readonly droppedOldest: Readonly<Record<string, number>>
}

export type FromWriter = Answer | { readonly kind: 'ready'; readonly report: Report } | { readonly kind: 'closed' }

// lanes → writer

export type ToLaneServer =
  | { readonly kind: 'lane'; readonly question: number; readonly pool: PoolId }
  | { readonly kind: 'cursor'; readonly pool: PoolId; readonly seq: Seq }
  | { readonly kind: 'letter'; readonly question: number; readonly pool: PoolId; readonly letter: LetterDraft }
  | { readonly kind: 'giveUp'; readonly question: number; readonly pool: PoolId; readonly gap: Gap }

// writer → lanes

export type FromLaneServer =
  | { readonly kind: 'hello'; readonly shared: SharedArrayBuffer; readonly identity: JournalIdentity }
  | { readonly kind: 'news' }
  | { readonly kind: 'cursor'; readonly question: number; readonly cursor: Seq; readonly gaps: readonly Gap[] }
  | { readonly kind: 'givenUp'; readonly question: number }
  /** The letter is on disk; false: its row is not in the journal any more. */
  | { readonly kind: 'letter'; readonly question: number; readonly kept: 'now' | 'before' | 'never' }
  /** `drop_oldest` took rows from the lane. */
  | { readonly kind: 'moved'; readonly pool: string; readonly seq: Seq }
  | { readonly kind: 'identity'; readonly identity: JournalIdentity }
