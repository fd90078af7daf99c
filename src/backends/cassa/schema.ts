// The keyspace and its tables: their DDL, and the table that the gateway makes by itself.

import type { OpenOptions } from '../../model/backend.ts'
import { textBeside } from '../../system/program.ts'
import type { Session } from './session.ts'
import type { CassaSettings } from './settings.ts'

export const NO_MARK =
  'no right to the table holdfast_mark: after a lost answer or a crash messages are written once more, which changes ' +
  'nothing, and custom statements run once more; create it with `holdfast schema cassa --apply` and grant select and modify'

export function schema(): string {
  return textBeside(import.meta, 'schema.cql')
}

/** Cassandra takes them one by one. The keyspace's own name is in the first two. */
function statements(): string[] {
  const text = schema().replace(/^--.*$/gm, '')
  return text
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

export async function applySchema(
  { name }: OpenOptions,
  settings: CassaSettings,
  say: (sentence: string) => void = () => {},
): Promise<void> {
  const { backendError } = await import('./errors.ts')
  const { Session } = await import('./session.ts')
  const [createKeyspace = '', , ...tables] = statements()
  const { keyspace } = settings
  try {
    const server = await Session.open(settings, null)
    try {
      if (!(await hasKeyspace(server, keyspace))) {
        await server.query(createKeyspace.replace(/ mqtt /, ` ${quoted(keyspace)} `))
        say(`the keyspace ${keyspace} was made, with SimpleStrategy and one replica: fit for one node`)
      }
    } finally {
      await server.close()
    }
    const session = await Session.open(settings, keyspace)
    try {
      for (const table of tables) await session.query(table)
    } finally {
      await session.close()
    }
  } catch (error) {
    throw backendError(error, name)
  }
}

async function hasKeyspace(session: Session, name: string): Promise<boolean> {
  const rows = await session.query('select keyspace_name from system_schema.keyspaces where keyspace_name = ?', [name])
  return rows.length > 0
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function createMark(): string {
  return statements().find((statement) => statement.includes('holdfast_mark'))!
}
