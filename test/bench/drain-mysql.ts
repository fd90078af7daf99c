import mysql from 'mysql2/promise'
import { startMariadb } from '../helpers/mariadb.ts'
import type { DrainKind } from './drain.ts'

const BATCHES = [1000, 5000]
const COLUMNS = 'msgid, topic, sender, qos, retain, payload, arrived'

function hook(port: number): Record<string, string> {
  return {
    mysql: `
backend.mysql.pool1.server = 127.0.0.1:${port}
backend.mysql.pool1.user = root
backend.mysql.pool1.password = public
backend.mysql.pool1.database = mqtt
backend.mysql.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`,
  }
}

export const mariadb: DrainKind = {
  kind: 'mysql',
  database: 'MariaDB',
  driver: 'mysql2',
  goal: 0.6,
  schema: true,
  hook,
  async start() {
    const server = await startMariadb({ settings: { innodb_buffer_pool_size: '256M' } })
    const { host, port, user, password } = server
    const open = (): Promise<mysql.Connection> =>
      mysql.createConnection({ host, port, user, password, database: 'mqtt', charset: 'utf8mb4_bin', timezone: 'Z' })
    const watcher = await open()
    const number = async (sql: string): Promise<number> => {
      const [rows] = await watcher.query<mysql.RowDataPacket[]>(sql)
      return Number(rows[0]!.n)
    }
    return {
      port,
      clear: async () => {
        await server.query('truncate mqtt_msg')
      },
      progress: () => number('select max(id) as n from mqtt_msg'), // looked up in the index
      count: () => number('select count(*) as n from mqtt_msg'),
      async peers() {
        const [rows] = await watcher.query<mysql.RowDataPacket[][]>({
          sql: `select ${COLUMNS} from mqtt_msg order by id`,
          rowsAsArray: true,
        })
        /** @param way one statement for a part of the rows, each its own transaction */
        const timed =
          (batch: number, way: (client: mysql.Connection, part: unknown[][]) => Promise<unknown>) =>
          async (): Promise<number> => {
            const client = await open()
            try {
              const begin = performance.now()
              for (let at = 0; at < rows.length; at += batch) await way(client, rows.slice(at, at + batch))
              return rows.length / ((performance.now() - begin) / 1000)
            } finally {
              await client.end()
            }
          }
        const text = (client: mysql.Connection, part: unknown[][]) =>
          client.query(`insert into mqtt_msg (${COLUMNS}) values ?`, [part])
        const prepared = (client: mysql.Connection, part: unknown[][]) => {
          const tuples = part.map((row) => `(${row.map(() => '?').join(',')})`)
          const values = part.flat() as mysql.ExecuteValues
          return client.execute(`insert into mqtt_msg (${COLUMNS}) values ${tuples.join(',')}`, values)
        }
        return Object.fromEntries(
          BATCHES.flatMap((batch) => [
            [`multi-row values × ${batch}`, timed(batch, text)],
            [`prepared multi-row values × ${batch}`, timed(batch, prepared)],
          ]),
        )
      },
      async stop() {
        await watcher.end()
        await server.stop()
      },
    }
  },
}
