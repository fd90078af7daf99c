import pg from 'pg'
import { startPostgres } from '../helpers/postgres.ts'
import { bulkInserts, readRows } from './bulk-insert.ts'
import type { DrainKind } from './drain.ts'
import { pgsqlHook } from './gateway.ts'

export const pgsql: DrainKind = {
  kind: 'pgsql',
  database: 'PostgreSQL',
  driver: 'pg',
  goal: 0.7,
  schema: true,
  hook: pgsqlHook,
  async start() {
    const server = await startPostgres()
    const watcher = new pg.Client({ connectionString: server.url() })
    await watcher.connect()
    const number = async (sql: string): Promise<number> => Number((await watcher.query(sql)).rows[0].n)
    return {
      port: server.port,
      clear: async () => {
        await server.query('truncate mqtt_msg restart identity')
      },
      progress: () => number('select max(id) as n from mqtt_msg'), // looked up in the index
      count: () => number('select count(*) as n from mqtt_msg'),
      async peers() {
        const rows = await readRows(server, 'mqtt_msg')
        const timed = Object.entries(bulkInserts(rows)).map(([name, insert]) => {
          const measure = async (): Promise<number> => {
            const client = new pg.Client({ connectionString: server.url() })
            await client.connect()
            try {
              const begin = performance.now()
              await insert(client)
              return rows.values.length / ((performance.now() - begin) / 1000)
            } finally {
              await client.end()
            }
          }
          return [name, measure]
        })
        return Object.fromEntries(timed)
      },
      async stop() {
        await watcher.end()
        await server.stop()
      },
    }
  },
}
