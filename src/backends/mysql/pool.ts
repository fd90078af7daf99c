// What of a pool of SQL servers is MySQL's own.

import type { OpenOptions, Pool } from '../../model/backend.ts'
import { type SqlKind, type SqlLane, SqlPool } from '../sql-pool.ts'
import { Connection } from './connection.ts'
import { backendError, isStoredAlready, mayBeStale } from './errors.ts'
import { type Layout, lookAtTables, warningsAbout } from './layout.ts'
import { read } from './read.ts'
import type { MysqlSettings } from './settings.ts'
import { Statements } from './statement.ts'
import { NO_MARK, prepareMark } from './tables.ts'
import { commitsByItself, readMark, writeBatch } from './write.ts'

interface Lane extends SqlLane<Connection> {
  readonly statements: Statements
  readonly keepsMark: boolean
  layout: Layout
}

export function openPool({ name }: OpenOptions, settings: MysqlSettings): Pool {
  const open = (signal: AbortSignal): Promise<Connection> => Connection.open(settings, signal)
  const kind: SqlKind<Connection, Lane> = {
    readers: settings.pool_size,
    open,
    openReader: open,
    async prepare(connection) {
      const keepsMark = await prepareMark(connection)
      const layout = await lookAtTables(connection)
      const lane = { connection, statements: new Statements(connection), keepsMark, layout, rowsOfOthers: false }
      const exactlyOnce = keepsMark && [...layout.values()].every(({ transactional }) => transactional)
      const warnings = [...(keepsMark ? [] : [NO_MARK]), ...warningsAbout(layout)]
      return { lane, connected: { exactlyOnce, warnings } }
    },
    mark: async ({ connection, keepsMark }, journal) => (keepsMark ? readMark(connection, journal, name) : null),
    write: (lane, batch) => writeBatch({ ...lane, pool: name }, batch),
    mayRepeat: (batch) => !commitsByItself(batch),
    read,
    backendError: (error) => backendError(error, name),
    isStoredAlready,
    mayBeStale,
    async lookAgain(lane) {
      lane.statements.forget()
      lane.layout = await lookAtTables(lane.connection)
    },
  }
  return new SqlPool(kind)
}
