// An operation in words, for the person who looks at a dead letter.

import type { ParameterValue, Write } from '../model/operation.ts'

const MAX_TEXT = 200

/** One line; long values are cut. */
export function describeOperation(write: Write): string {
  if (write.do === 'statements') {
    return write.statements.map(({ texts, values }) => describeStatement(texts, values)).join('; ')
  }
  const { do: what, ...rest } = write
  const parameters = 'message' in rest ? { ...rest.message, node: rest.node } : rest
  const words = Object.entries(parameters).map(([name, value]) => `${name}=${describeValue(value)}`)
  return `${what} ${words.join(' ')}`
}

function describeStatement(texts: readonly string[], values: readonly ParameterValue[]): string {
  return texts.map((text, i) => (i < values.length ? text + describeValue(values[i]!) : text)).join('')
}

function describeValue(value: unknown): string {
  const text = Buffer.isBuffer(value) ? describeBytes(value) : JSON.stringify(value)
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}… (${text.length} characters)`
}

function describeBytes(bytes: Buffer): string {
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? JSON.stringify(text) : `0x${bytes.toString('hex')}`
}
