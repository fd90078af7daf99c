// Custom statements as CQL with bound values.

import cassandra from 'cassandra-driver'
import { BackendError } from '../../model/errors.ts'
import type { BoundStatement, ParameterValue } from '../../model/operation.ts'
import { toTextBytes } from '../payload-rule.ts'
import type { ParameterType } from './session.ts'

const { dataTypes } = cassandra.types

export function statementText({ texts }: BoundStatement): string {
  return texts.join('?')
}

const CHANGES_ROWS = /^\s*(insert|update|delete)\b/i
// a condition; a time of its own; a counter or list; a value that is another each time; the table whose rows we read
const DEPENDS = /\bif\b|\btimestamp\b|[+\-[]|\b(now|uuid|current\w*)\s*\(|\backed\b/i
const QUOTED = /'(?:[^']|'')*'/g

/**
 * Does it leave the same, whether it is run once or again, before its neighbours or after them? Rows are written with
 * their event's time, so whatever only sets or removes values does. In doubt: no.
 */
export function isRepeatable(text: string): boolean {
  return CHANGES_ROWS.test(text) && !DEPENDS.test(text.replace(QUOTED, "''"))
}

/** Rejects nothing that the column can hold. @throws BackendError permanent for what it can't */
export function statementValues({ values }: BoundStatement, types: readonly ParameterType[]): unknown[] {
  if (values.length !== types.length) throw unfit(`it has ${types.length} parameters, not ${values.length}`)
  return values.map((value, index) => parameter(value, types[index]!.code))
}

function parameter(value: ParameterValue, type: number): unknown {
  if (value === null) return null
  switch (type) {
    case dataTypes.blob:
      return Buffer.isBuffer(value) ? value : Buffer.from(String(value))
    case dataTypes.boolean:
      return typeof value === 'string' || Buffer.isBuffer(value) ? truth(`${value}`) : Boolean(value)
    case dataTypes.tinyint:
      return whole(value, 8)
    case dataTypes.smallint:
      return whole(value, 16)
    case dataTypes.int:
      return whole(value, 32)
    case dataTypes.bigint:
    case dataTypes.counter:
      return whole(value, 64)
    case dataTypes.varint:
      return `${whole(value)}`
    case dataTypes.decimal:
      return decimal(value)
    case dataTypes.float:
    case dataTypes.double:
      return fraction(value)
    case dataTypes.timestamp:
      return time(value)
    default:
      return text(value)
  }
}

/** What the driver reads by the type: a text, a UUID, an address. */
function text(value: ParameterValue): string {
  return Buffer.isBuffer(value) ? toTextBytes(value).toString() : String(value)
}

function truth(text: string): boolean {
  if (/^(true|1)$/i.test(text)) return true
  if (/^(false|0)$/i.test(text)) return false
  throw unfit(`${text} is no boolean`)
}

function whole(value: ParameterValue, bits = Number.POSITIVE_INFINITY): bigint | number {
  const digits = typeof value === 'boolean' ? `${Number(value)}` : `${value}`
  if (!/^[+-]?\d+$/.test(digits)) throw unfit(`${digits} is no whole number`)
  const number = BigInt(digits)
  if (bits === Number.POSITIVE_INFINITY) return number
  if (BigInt.asIntN(bits, number) !== number) throw unfit(`${digits} is no whole number of ${bits} bits`)
  return bits < 64 ? Number(number) : number
}

function decimal(value: ParameterValue): string {
  const digits = typeof value === 'boolean' ? `${Number(value)}` : `${value}`
  if (!/^[+-]?\d+(\.\d+)?$/.test(digits)) throw unfit(`${digits} is no decimal number`)
  return digits
}

function fraction(value: ParameterValue): number {
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(`${value}`)
  if (Number.isNaN(number) && `${value}` !== 'NaN') throw unfit(`${value} is no number`)
  return number
}

/** A number is milliseconds. */
function time(value: ParameterValue): Date {
  const date = new Date(typeof value === 'number' ? value : `${value}`)
  if (Number.isNaN(date.getTime())) throw unfit(`${value} is no time`)
  return date
}

function unfit(message: string): BackendError {
  return new BackendError('permanent', 'VALUE', message)
}
