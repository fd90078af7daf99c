import { DynamoServer, REGION, runningDynamo } from '../../test/helpers/dynamo.ts'
import { freePort } from '../../test/helpers/ports.ts'
import type { Service } from '../services.ts'

export const service: Service = {
  stopSignal: 'SIGTERM',
  async up(folder) {
    await new DynamoServer(await freePort(), { folder, outlive: true }).start()
  },
  running(folder) {
    const server = runningDynamo(folder)
    if (!server) return undefined
    const where = `listens on http://127.0.0.1:${server.port}, region ${REGION}, any access key (each has tables of its own)`
    return { pid: server.pid, where }
  },
}
