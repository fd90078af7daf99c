// Makes the tables: all of them when asked, and the mark's by itself.

import type { OpenOptions } from '../../model/backend.ts'
import { runSchema } from '../sql-pool.ts'
import { Connection } from './connection.ts'
import { backendError } from './errors.ts'
import { schema } from './schema.ts'
import type { PgsqlSettings } from './settings.ts'

export const NO_MARK =
  'no right to the table holdfast_mark: messages reach this pool at least once, not exactly once; ' +
  'create it with `holdfast schema pgsql --apply` and grant select, insert and update'

/** Two that do so at once would be in each other's way. */
const LOCK = "select pg_advisory_xact_lock(hashtext('holdfast schema'))"

export async function applySchema({ name }: OpenOptions, settings: PgsqlSettings): Promise<void> {
  await runSchema((connection) => connection.query(`begin; ${LOCK}; ${schema()}; commit`), {
    open: (signal) => Connection.open(settings, signal),
    backendError: (error) => backendError(error, name),
  })
}

const NO_RIGHT = ['42501', '3F000']

/** @returns whether it could be made; false where the user has no right to. */
export async function createMark(connection: Connection): Promise<boolean> {
  const [ddl] = schema().match(/create table if not exists holdfast_mark[^;]*/)!
  try {
    await connection.query(`begin; ${LOCK}; ${ddl}; commit`)
    return true
  } catch (error) {
    await connection.query('rollback')
    if (NO_RIGHT.includes((error as { code?: string }).code ?? '')) return false
    throw error
  }
}
