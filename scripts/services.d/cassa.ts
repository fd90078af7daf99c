import { CassandraServer, runningCassandra } from '../../test/helpers/cassandra.ts'
import { freePort } from '../../test/helpers/ports.ts'
import type { Service } from '../services.ts'

export const service: Service = {
  stopSignal: 'SIGTERM',
  async up(folder) {
    await new CassandraServer(await freePort(), await freePort(), { folder, outlive: true }).start()
  },
  running(folder) {
    const server = runningCassandra(folder)
    if (!server) return undefined
    const where = `listens on 127.0.0.1:${server.port}, user cassandra, password cassandra`
    return { pid: server.pid, where }
  },
}
