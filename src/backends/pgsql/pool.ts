// What of a pool of SQL servers is PostgreSQL's own.

import type { OpenOptions, Pool } from '../../model/backend.ts'
import { type SqlKind, type SqlLane, SqlPool } from '../sql-pool.ts'
import { Connection } from './connection.ts'
import { backendError, isStoredAlready, mayBeStale } from './errors.ts'
import { type Layout, lookAtTables, warningsAbout } from './layout.ts'
import { read } from './read.ts'
import type { PgsqlSettings } from './settings.ts'
import { createMark, NO_MARK } from './tables.ts'
import { readMark, writeBatch } from './write.ts'

interface Lane extends SqlLane<Connection> {
  layout: Layout
}

export function openPool({ name }: OpenOptions, settings: PgsqlSettings): Pool {
  const kind: SqlKind<Connection, Lane> = {
    readers: settings.pool_size,
    open: (signal) => Connection.open(settings, signal),
    openReader: (signal) => Connection.open(settings, signal, true),
    async prepare(connection) {
      const found = await lookAtTables(connection)
      const isMade = !found.has('holdfast_mark') && (await createMark(connection))
      const layout = isMade ? await lookAtTables(connection) : found
      const exactlyOnce = mayMark(layout)
      const warnings = [...(exactlyOnce ? [] : [NO_MARK]), ...warningsAbout(layout)]
      return { lane: { connection, layout, rowsOfOthers: false }, connected: { exactlyOnce, warnings } }
    },
    mark: async ({ connection, layout }, journal) => (mayMark(layout) ? readMark(connection, journal, name) : null),
    write: ({ connection, layout }, batch) => writeBatch(connection, layout, name, batch),
    mayRepeat: () => true,
    read,
    backendError: (error) => backendError(error, name),
    isStoredAlready,
    mayBeStale,
    async lookAgain(lane) {
      await lane.connection.forgetStatements()
      lane.layout = await lookAtTables(lane.connection)
    },
  }
  return new SqlPool(kind)
}

const mayMark = (layout: Layout): boolean => layout.get('holdfast_mark')?.mayWrite ?? false
