// Arrays in PostgreSQL's binary form: one parameter a column, with no quoting on this side and no parsing on that one.
// The driver sends a Buffer as it is, in binary.

const OID = { bytea: 17, int8: 20, int4: 23, text: 25, timestamp: 1114, timestamptz: 1184 } as const
const HEADER_BYTES = 20
/** PostgreSQL counts microseconds from the year 2000. */
const EPOCH_MS = Date.UTC(2000, 0, 1)
const NULL_LENGTH = -1

/** @param values texts, or bytes that are UTF-8 already */
export function textArray(values: readonly (string | Buffer)[]): Buffer {
  return bytesArray(OID.text, values)
}

export function byteaArray(values: readonly Buffer[]): Buffer {
  return bytesArray(OID.bytea, values)
}

export function int4Array(values: readonly number[]): Buffer {
  const array = begin(OID.int4, values.length, values.length * 8)
  let at = HEADER_BYTES
  for (const value of values) {
    array.writeInt32BE(4, at)
    at = array.writeInt32BE(value, at + 4)
  }
  return array
}

export function int8Array(values: readonly (number | null)[]): Buffer {
  return wideArray(OID.int8, values)
}

/** @param times wall time, ms */
export function timeArray(type: 'timestamp' | 'timestamptz', times: readonly (number | null)[]): Buffer {
  return wideArray(
    OID[type],
    times.map((time) => (time === null ? null : Math.round((time - EPOCH_MS) * 1000))),
  )
}

function bytesArray(oid: number, values: readonly (string | Buffer)[]): Buffer {
  const lengths = values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : value.length))
  const array = begin(
    oid,
    values.length,
    lengths.reduce((sum, length) => sum + 4 + length, 0),
  )
  let at = HEADER_BYTES
  for (const [index, value] of values.entries()) {
    at = array.writeInt32BE(lengths[index]!, at)
    at += typeof value === 'string' ? array.write(value, at) : value.copy(array, at)
  }
  return array
}

function wideArray(oid: number, values: readonly (number | null)[]): Buffer {
  const nulls = values.filter((value) => value === null).length
  const array = begin(oid, values.length, values.length * 12 - nulls * 8)
  array.writeInt32BE(nulls > 0 ? 1 : 0, 4)
  let at = HEADER_BYTES
  for (const value of values) {
    at = array.writeInt32BE(value === null ? NULL_LENGTH : 8, at)
    if (value !== null) at = array.writeBigInt64BE(BigInt(value), at)
  }
  return array
}

/** One dimension, its lower bound 1. */
function begin(oid: number, length: number, bodyBytes: number): Buffer {
  const array = Buffer.allocUnsafe(HEADER_BYTES + bodyBytes)
  for (const [index, word] of [1, 0, oid, length, 1].entries()) array.writeInt32BE(word, index * 4)
  return array
}
