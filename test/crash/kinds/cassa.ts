import {
  type CassandraOptions,
  type CassandraServer,
  cassandraMissing,
  startCassandra,
} from '../../helpers/cassandra.ts'
import type { Row } from '../audit.ts'
import { type CrashKind, hooks } from '../kind.ts'

/** What was acknowledged is on disk. */
const KEEPING = { commitlog_sync: 'batch', commitlog_sync_period: undefined }

const STATEMENTS = [
  'insert into log (msgid, payload) values (${msgid}, ${payload})', // only sets values
  'update told set times = times + 1 where msgid = ${msgid} and payload = ${payload}',
]

/** Rows are known by their keys, in the order of the ids. `told` counts how often an event came. */
export const cassa: CrashKind<CassandraServer, CassandraOptions> = {
  kind: 'cassa',
  missing: cassandraMissing,
  start: (options = {}) => startCassandra({ ...options, settings: { ...KEEPING, ...options.settings } }),
  conf: ({ port, user, password }) => `backend.ecql.pool1.nodes = 127.0.0.1:${port}
backend.ecql.pool1.size = 2
backend.ecql.pool1.username = ${user}
backend.ecql.pool1.password = ${password}
backend.ecql.pool1.keyspace = mqtt
${hooks('cassa', { cql: STATEMENTS })}`,
  async makeTables(server) {
    await server.query('create table mqtt.log (msgid text primary key, payload text)')
    await server.query('create table mqtt.told (msgid text, payload text, times counter, primary key (msgid, payload))')
  },
  tables: { msg: { byKey: true }, log: { byKey: true }, told: { atLeastOnce: true } },
  async rows(server, table) {
    const client = server.client('mqtt')
    const found: Row[] = []
    try {
      for await (const { msgid, payload, times = 1 } of await client.execute(`select * from ${table}`)) {
        for (let left = Number(times); left > 0; left--) found.push({ msgid, payload })
      }
    } finally {
      await client.shutdown()
    }
    return found.sort((a, b) => (a.msgid < b.msgid ? -1 : 1))
  },
  pace: { burst: 4, pauseMs: 120 },
  rounds: 1,
}
