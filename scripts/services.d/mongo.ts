import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MongoServer } from '../../test/helpers/mongo.ts'
import { freePort } from '../../test/helpers/ports.ts'
import type { Service } from '../services.ts'

export const service: Service = {
  stopSignal: 'SIGTERM',
  async up(folder) {
    const file = join(folder, 'port') // a replica set knows itself by its port
    const port = existsSync(file) ? Number(readFileSync(file, 'utf8')) : await freePort()
    writeFileSync(file, `${port}`)
    await new MongoServer(port, { folder, port, outlive: true }).start()
  },
  running(folder) {
    const file = join(folder, 'pid')
    if (!existsSync(file)) return undefined
    const pid = Number(readFileSync(file, 'utf8'))
    const cmdline = existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0') : []
    const port = cmdline[cmdline.indexOf('--port') + 1]
    return cmdline.length > 0 && cmdline.includes('--port')
      ? { pid, where: `listens on 127.0.0.1:${port}, replica set rs0, without users` }
      : undefined
  },
}
