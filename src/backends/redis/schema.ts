// There is nothing to make; what is printed is the list of keys.

import type { OpenOptions } from '../../model/backend.ts'
import { textBeside } from '../../system/program.ts'
import { backendError } from './errors.ts'
import type { RedisSettings } from './settings.ts'

export function schema(): string {
  return textBeside(import.meta, 'schema.txt')
}

/** Looks whether the server can be reached. */
export async function applySchema(_: OpenOptions, settings: RedisSettings): Promise<void> {
  const { Connection } = await import('./connection.ts')
  try {
    ;(await Connection.open(settings, new AbortController().signal)).close()
  } catch (error) {
    throw backendError(error)
  }
}
