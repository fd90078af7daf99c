// Messages as documents, and documents as messages.

import { BSON } from 'mongodb'
import type { RemoteMessage } from '../../model/operation.ts'
import type { StoredMessage } from '../merge.ts'
import { messageOf } from '../message-row.ts'
import { fromText, isPlainText, toTextBytes } from '../payload-rule.ts'

export interface MessageDocument {
  topic: string
  msgid?: string | null
  sender?: string | null
  qos?: number
  retain?: number | boolean
  payload?: unknown
  /** The text of a payload that is stored as a document, where that does not give it back byte by byte. */
  payload_text?: string
  /** Seconds. */
  arrived?: number | Date | null
}

/** Rows that a position can tell from each other. */
export const NUMBERED = { $gte: Number.NEGATIVE_INFINITY }

export function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}

export function messageDocument(message: StoredMessage): MessageDocument {
  const { topic, msgid, from, qos, retain, at } = message
  return { topic, msgid, sender: from, qos, retain: Number(retain), ...payloadFields(message), arrived: seconds(at) }
}

export function payloadFields({
  payload,
  payloadFormat,
}: StoredMessage): Pick<MessageDocument, 'payload' | 'payload_text'> {
  const document = payloadFormat === 'mongo_json' ? asDocument(payload) : undefined
  if (document === undefined) return { payload: toTextBytes(payload).toString() }
  const text = payload.toString()
  return textOf(document) === text ? { payload: document } : { payload: document, payload_text: text }
}

/** Deeper ones MongoDB refuses (it takes 180 levels, those of the message among them). */
const MAX_DEPTH = 100

/** @returns undefined for what is no JSON object or array, or can't be a document: it is stored as a text then */
function asDocument(payload: Buffer): object | undefined {
  const first = payload.find((byte) => byte > 0x20)
  if ((first !== 0x7b && first !== 0x5b) || !isPlainText(payload)) return undefined
  try {
    const value = JSON.parse(payload.toString())
    return typeof value === 'object' && value !== null && canBeStored(value, MAX_DEPTH) ? value : undefined
  } catch {
    return undefined
  }
}

/** Names with `$` or `.` can be neither queried nor, before MongoDB 5, stored; `_bsontype` means something to the driver. */
function canBeStored(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depth === 0) return false
  return Object.entries(value).every(
    ([name, inner]) => (Array.isArray(value) || isFieldName(name)) && canBeStored(inner, depth - 1),
  )
}

function isFieldName(name: string): boolean {
  return !/^\$|[.\0]/.test(name) && name !== '_bsontype' && name !== '__proto__'
}

function textOf(document: unknown): string {
  return BSON.EJSON.stringify(document, { relaxed: true })
}

/** @param document of mqtt_msg, or of mqtt_retain, whose `_id` is no number */
export function toMessage(document: MessageDocument & { readonly _id: unknown }): RemoteMessage {
  const { _id, topic, msgid, sender, qos = 0, retain = 0, arrived } = document
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  const row = { id: Number(_id), msgid: text(msgid), sender: text(sender), topic, qos, retain }
  const at = arrived instanceof Date ? arrived.getTime() : Number(arrived ?? 0) * 1000
  return messageOf({ ...row, payload: payloadOf(document) }, at)
}

function payloadOf({ payload, payload_text }: MessageDocument): Buffer {
  if (payload_text !== undefined) return Buffer.from(payload_text)
  if (payload === undefined || payload === null) return Buffer.alloc(0)
  if (typeof payload === 'string') return fromText(payload)
  if (isBinary(payload)) return Buffer.from(payload.buffer)
  return Buffer.from(textOf(payload))
}

function isBinary(value: unknown): value is { readonly buffer: Uint8Array } {
  return (value as { _bsontype?: string })._bsontype === 'Binary'
}
