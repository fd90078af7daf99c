import { type PostgresOptions, type PostgresServer, postgresMissing, startPostgres } from '../../helpers/postgres.ts'
import type { Row } from '../audit.ts'
import { type CrashKind, hooks } from '../kind.ts'
import { LOG, READ } from './sql.ts'

export const pgsql: CrashKind<PostgresServer, PostgresOptions> = {
  kind: 'pgsql',
  missing: postgresMissing,
  start: startPostgres,
  conf: ({ port, user, password }) => `backend.pgsql.pool1.server = 127.0.0.1:${port}
backend.pgsql.pool1.pool_size = 2
backend.pgsql.pool1.username = ${user}
backend.pgsql.pool1.password = ${password}
backend.pgsql.pool1.database = mqtt
${hooks('pgsql', { sql: [LOG] })}`,
  async makeTables(server) {
    await server.query('create table log (id bigserial primary key, n text, payload text)')
  },
  tables: { mqtt_msg: { byKey: true }, log: {} },
  rows: async (server, table) => (await server.query(READ[table]!)) as unknown as Row[],
  rounds: 20,
}
