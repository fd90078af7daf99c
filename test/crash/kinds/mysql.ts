import { type MariadbOptions, type MariadbServer, mariadbMissing, startMariadb } from '../../helpers/mariadb.ts'
import type { CrashKind } from '../kind.ts'

const READ: Readonly<Record<string, string>> = {
  mqtt_msg: 'select msgid, payload from mqtt_msg order by id',
  log: 'select n as msgid, payload from log order by id',
}

export const mysql: CrashKind<MariadbServer, MariadbOptions> = {
  kind: 'mysql',
  missing: mariadbMissing,
  start: startMariadb,
  conf: ({ port, user, password }) => `backend.mysql.pool1.server = 127.0.0.1:${port}
backend.mysql.pool1.pool_size = 2
backend.mysql.pool1.user = ${user}
backend.mysql.pool1.password = ${password}
backend.mysql.pool1.database = mqtt
backend.mysql.hook.message.publish.1 = {"topic": "crash/#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
backend.mysql.hook.message.publish.2 = {"topic": "crash/#", "action": {"sql": ["insert into log(n, payload) values (\${msgid}, \${payload})"]}, "pool": "pool1"}
`,
  async makeTables(server) {
    await server.query('create table log (id bigint auto_increment primary key, n varchar(64), payload text)')
  },
  tables: { mqtt_msg: { byKey: true }, log: {} },
  rows: async (server, table) =>
    (await server.query(READ[table]!)).map(({ msgid, payload }) => ({ msgid: `${msgid}`, payload: `${payload}` })),
  rounds: 5,
}
