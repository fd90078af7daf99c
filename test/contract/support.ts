// What the parts of the contract share.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Backend, Pool } from '../../src/model/backend.ts'
import { BackendError, type ErrorClass } from '../../src/model/errors.ts'
import type { Message } from '../../src/model/event.ts'
import type { Operation, ReadOp, RemoteMessage } from '../../src/model/operation.ts'
import { History } from './operations.ts'
import { type Bench, NODE, type Subject } from './subject.ts'

/** A test with a database of its own. */
export type Contract = (name: string, body: (bench: Bench, history: History) => Promise<void>) => void

export const never = new AbortController().signal
export const within = (ms: number): AbortSignal => AbortSignal.timeout(ms)
export const exact = { idempotent: false }
export const OPTIONS = { name: 'pool1', dataDir: '/', node: NODE }

/** Opens pools of one kind, connects them where asked to, and closes them all. */
export function opener<S>(backend: Backend<S>, settings: () => S, options = OPTIONS) {
  const open: Pool[] = []
  const pool = async (changes: Partial<S> = {}): Promise<Pool> => {
    const made = await backend.open(options, { ...settings(), ...changes })
    open.push(made)
    return made
  }
  const connected = async (changes?: Partial<S>): Promise<Pool> => {
    const made = await pool(changes)
    await made.connect(never)
    return made
  }
  const close = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((each) => each.close()))
  }
  return { pool, connected, close }
}

/** Tests that begin with nothing stored. */
export function scenes(clear: () => Promise<unknown>) {
  return (name: string, body: (history: History) => Promise<void>, skip: string | false = false): void => {
    test(name, { skip }, async () => {
      await clear()
      await body(new History())
    })
  }
}

/** Names that a careless statement would trip over. */
export const ODD_NAMES = [
  "o'brien",
  'a"b`c',
  'line\nbreak',
  'co:lon%3A',
  'back\\slash',
  '$1 ${clientid} ?',
  'ünï→💧',
  '%_*.+',
  ' x ',
  "');--",
]

export const PAYLOADS: Readonly<Record<string, Buffer>> = {
  text: Buffer.from('hello'),
  empty: Buffer.alloc(0),
  unicode: Buffer.from('ünïcødé 💧\r\n\t"\'\\'),
  nul: Buffer.from('a\0b'),
  'not UTF-8': Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3]),
  'like a data URL': Buffer.from('data:;base64,aGVsbG8='),
  'a byte order mark': Buffer.from([0xef, 0xbb, 0xbf, 0x41]),
  'every byte': Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  digits: Buffer.from('007'),
  '1 MB of text': Buffer.alloc(1 << 20, 'x'),
  '1 MB of bytes': randomBytes(1 << 20),
}

export async function write(bench: Bench, batch: readonly Operation[], idempotent = false): Promise<void> {
  await bench.pool.write(batch, null, { idempotent }, never)
}

export function messages(
  bench: Bench,
  op: Omit<Extract<ReadOp, { read: 'messages' }>, 'read'>,
): Promise<readonly RemoteMessage[]> {
  return bench.pool.read({ read: 'messages', ...op }, never) as Promise<readonly RemoteMessage[]>
}

export const payloadsOf = (rows: readonly RemoteMessage[]): string[] => rows.map(({ payload }) => payload.toString())

/** What is read of a message that was written. */
export function strip(message: Message, { timeStepMs }: Subject): RemoteMessage {
  const { msgid, topic, payload, qos, retain, from, at } = message
  return { msgid, topic, payload, qos, retain, from, at: at - (at % timeStepMs) }
}

export async function failure(promise: Promise<unknown>): Promise<BackendError> {
  const error = await promise.then(
    () => assert.fail('was taken'),
    (rejection) => rejection,
  )
  assert.ok(error instanceof BackendError, `${error}`)
  return error
}

export async function refusal(promise: Promise<unknown>, errorClass: ErrorClass): Promise<BackendError> {
  const error = await failure(promise)
  assert.equal(error.errorClass, errorClass, `${error.code}: ${error.message}`)
  return error
}
