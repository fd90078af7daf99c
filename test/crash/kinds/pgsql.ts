import { type PostgresOptions, type PostgresServer, postgresMissing, startPostgres } from '../../helpers/postgres.ts'
import type { Row } from '../audit.ts'
import type { CrashKind } from '../kind.ts'

const READ: Readonly<Record<string, string>> = {
  mqtt_msg: 'select msgid, payload from mqtt_msg order by id',
  log: 'select n as msgid, payload from log order by id',
}

export const pgsql: CrashKind<PostgresServer, PostgresOptions> = {
  kind: 'pgsql',
  missing: postgresMissing,
  start: startPostgres,
  conf: ({ port, user, password }) => `backend.pgsql.pool1.server = 127.0.0.1:${port}
backend.pgsql.pool1.pool_size = 2
backend.pgsql.pool1.username = ${user}
backend.pgsql.pool1.password = ${password}
backend.pgsql.pool1.database = mqtt
backend.pgsql.hook.message.publish.1 = {"topic": "crash/#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
backend.pgsql.hook.message.publish.2 = {"topic": "crash/#", "action": {"sql": ["insert into log(n, payload) values (\${msgid}, \${payload})"]}, "pool": "pool1"}
`,
  async makeTables(server) {
    await server.query('create table log (id bigserial primary key, n text, payload text)')
  },
  tables: { mqtt_msg: { byKey: true }, log: {} },
  rows: async (server, table) => (await server.query(READ[table]!)) as unknown as Row[],
  rounds: 20,
}
