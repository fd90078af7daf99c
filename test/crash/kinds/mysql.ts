import { type MariadbOptions, type MariadbServer, mariadbMissing, startMariadb } from '../../helpers/mariadb.ts'
import { type CrashKind, hooks } from '../kind.ts'
import { LOG, READ } from './sql.ts'

export const mysql: CrashKind<MariadbServer, MariadbOptions> = {
  kind: 'mysql',
  missing: mariadbMissing,
  start: startMariadb,
  conf: ({ port, user, password }) => `backend.mysql.pool1.server = 127.0.0.1:${port}
backend.mysql.pool1.pool_size = 2
backend.mysql.pool1.user = ${user}
backend.mysql.pool1.password = ${password}
backend.mysql.pool1.database = mqtt
${hooks('mysql', { sql: [LOG] })}`,
  async makeTables(server) {
    await server.query('create table log (id bigint auto_increment primary key, n varchar(64), payload text)')
  },
  tables: { mqtt_msg: { byKey: true }, log: {} },
  rows: async (server, table) =>
    (await server.query(READ[table]!)).map(({ msgid, payload }) => ({ msgid: `${msgid}`, payload: `${payload}` })),
  rounds: 5,
}
