// The form of a custom action on MongoDB:
//   {"collection": NAME, "insertOne": DOCUMENT}
//   {"collection": NAME, "updateOne": {"filter": DOCUMENT, "update": DOCUMENT or list, "upsert": true or false}}
//   {"collection": NAME, "deleteOne": FILTER}
// Documents may hold extended JSON such as {"$date": …}. A text that is "${name}" alone becomes the parameter's value, a
// number where it is one; within a longer text the value is put in its place as text. Names of fields hold no parameters.

const ACTIONS = ['insertOne', 'updateOne', 'deleteOne']

/** @returns what can't work, each in a sentence. @param text valid JSON */
export function mongoFaults(text: string): string[] {
  const statement = JSON.parse(text) as Record<string, unknown>
  const { collection } = statement
  const faults: string[] = []
  if (typeof collection !== 'string' || collection === '' || collection.includes('${')) {
    faults.push('expected a "collection" with its name, without parameters')
  }
  const keys = Object.keys(statement).filter((key) => key !== 'collection')
  if (keys.length === 1 && ACTIONS.includes(keys[0]!)) faults.push(...actionFaults(keys[0]!, statement[keys[0]!]))
  else faults.push(`expected one of ${ACTIONS.join(', ')} beside "collection"`)
  return [...faults, ...nameFaults(statement)]
}

function actionFaults(action: string, value: unknown): string[] {
  if (!isDocument(value)) return [`expected a document for ${action}`]
  if (action !== 'updateOne') return []
  const { filter, update, upsert = false, ...others } = value
  const fits = isDocument(filter) && (isDocument(update) || Array.isArray(update)) && typeof upsert === 'boolean'
  if (!fits || Object.keys(others).length > 0) {
    return ['expected {"filter": …, "update": …} for updateOne, and no more than "upsert": true beside them']
  }
  const operators = Array.isArray(update) || Object.keys(update).every((key) => key.startsWith('$'))
  return operators ? [] : ['expected operators such as "$set" in the update of updateOne']
}

function nameFaults(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name.includes('${') ? [`a field's name holds no parameter: ${name}`] : []),
    ...nameFaults(inner),
  ])
}

function isDocument(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
