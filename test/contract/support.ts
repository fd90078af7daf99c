// What the parts of the contract share.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { BackendError } from '../../src/model/errors.ts'
import type { Message } from '../../src/model/event.ts'
import type { Operation, ReadOp, RemoteMessage } from '../../src/model/operation.ts'
import type { History } from './operations.ts'
import type { Bench, Subject } from './subject.ts'

/** A test with a database of its own. */
export type Contract = (name: string, body: (bench: Bench, history: History) => Promise<void>) => void

export const never = new AbortController().signal

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
