// Custom actions: the JSON of the configuration with the parameters' values in it. `actions/mongo-statement.ts` tells the form.

import { BSON, type Db, type Document } from 'mongodb'
import type { BoundStatement, ParameterValue } from '../../model/operation.ts'
import { toTextBytes } from '../payload-rule.ts'
import type { WriteOptions } from './merged.ts'

interface CustomAction {
  readonly collection: string
  readonly insertOne?: Document
  readonly updateOne?: { readonly filter: Document; readonly update: Document; readonly upsert?: boolean }
  readonly deleteOne?: Document
}

export async function runStatement(db: Db, statement: BoundStatement, options: WriteOptions): Promise<void> {
  const { collection: name, insertOne, updateOne, deleteOne } = actionOf(statement)
  const collection = db.collection(name)
  if (insertOne) await collection.insertOne(insertOne, options)
  if (updateOne) {
    const { filter, update, upsert = false } = updateOne
    await collection.updateOne(filter, update, { ...options, upsert })
  }
  if (deleteOne) await collection.deleteOne(deleteOne, options)
}

// Where a parameter stood, between two characters that Unicode has set aside for a program's own use.
const [OPEN, CLOSE] = ['\uFDD0', '\uFDD1']
const WHOLE = new RegExp(`^${OPEN}(\\d+)${CLOSE}$`)
const WITHIN = new RegExp(`${OPEN}(\\d+)${CLOSE}`, 'g')

/** Parsed once for each statement of the configuration. */
const templates = new WeakMap<readonly string[], unknown>()

export function actionOf({ texts, values }: BoundStatement): CustomAction {
  let template = templates.get(texts)
  if (template === undefined) {
    template = JSON.parse(texts.reduce((text, next, index) => `${text}${OPEN}${index - 1}${CLOSE}${next}`))
    templates.set(texts, template)
  }
  // relaxed: a number stays a number, {"$date": 1700000000000} is a date
  return BSON.EJSON.deserialize(filled(template, values) as Document, { relaxed: true }) as unknown as CustomAction
}

function filled(value: unknown, values: readonly ParameterValue[]): unknown {
  if (typeof value === 'string') {
    const whole = WHOLE.exec(value)
    if (whole) return plain(values[Number(whole[1])]!)
    return value.replace(WITHIN, (_, index) => String(plain(values[Number(index)]!) ?? ''))
  }
  if (Array.isArray(value)) return value.map((inner) => filled(inner, values))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filled(inner, values)]))
}

/** A payload by the payload rule. */
function plain(value: ParameterValue): string | number | boolean | null {
  return Buffer.isBuffer(value) ? toTextBytes(value).toString() : value
}
