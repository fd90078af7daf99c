// `scripts/services up|down|status KIND …`: servers that outlive the script, for trying things out.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CACHE } from '../test/helpers/cache.ts'
import { startCassandra } from '../test/helpers/cassandra.ts'
import { REGION, startDynamo } from '../test/helpers/dynamo.ts'
import { startMariadb } from '../test/helpers/mariadb.ts'
import { startMongo } from '../test/helpers/mongo.ts'
import { freePort } from '../test/helpers/ports.ts'
import { startPostgres } from '../test/helpers/postgres.ts'
import { startRedis } from '../test/helpers/redis.ts'
import { lastIn, runningIn, type ServerOptions } from '../test/helpers/server-process.ts'

interface Service {
  /** Who may come in. */
  readonly access: string
  readonly stopSignal?: NodeJS.Signals
  up(options: ServerOptions): Promise<unknown>
}

const SERVICES: Readonly<Record<string, Service>> = {
  cassa: { up: startCassandra, access: 'user cassandra, password cassandra' },
  dynamo: { up: startDynamo, access: `region ${REGION}, any access key (each has tables of its own)` },
  mongo: { up: startMongo, access: 'replica set rs0, without users' },
  mysql: { up: startMariadb, access: 'user root, password public, database mqtt' },
  pgsql: { up: startPostgres, access: 'user postgres, password public, database mqtt', stopSignal: 'SIGINT' },
  redis: { up: startRedis, access: 'no password' },
}

const [command = 'status', ...kinds] = process.argv.slice(2)

for (const kind of kinds) {
  const service = SERVICES[kind]
  if (!service) {
    console.log(`${kind} is installed only: tests use its clients`)
    continue
  }
  const { up, access, stopSignal = 'SIGTERM' } = service
  const folder = join(CACHE, 'services', kind)
  mkdirSync(folder, { recursive: true })
  const server = runningIn(folder)
  if (command === 'up' && !server) {
    const port = lastIn(folder)?.port ?? (await freePort()) // a replica set knows itself by its port
    await up({ folder, port, outlive: true })
  }
  if (command === 'down' && server) {
    process.kill(server.pid, stopSignal)
    while (runningIn(folder)) await sleep(20)
  }
  const now = runningIn(folder)
  console.log(now ? `${kind} listens on 127.0.0.1:${now.port}, ${access} (pid ${now.pid})` : `${kind} is not running`)
}
