import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MariadbServer } from '../../test/helpers/mariadb.ts'
import { freePort } from '../../test/helpers/ports.ts'
import type { Service } from '../services.ts'

export const service: Service = {
  stopSignal: 'SIGTERM',
  async up(folder) {
    const port = await freePort()
    await new MariadbServer(port, { folder, outlive: true }).start()
    writeFileSync(join(folder, 'port'), `${port}`)
  },
  /** The server's own note of its process id; it removes it when it ends. */
  running(folder) {
    const file = join(folder, 'pid')
    if (!existsSync(file)) return undefined
    const pid = Number(readFileSync(file, 'utf8'))
    const port = readFileSync(join(folder, 'port'), 'utf8')
    return existsSync(`/proc/${pid}`)
      ? { pid, where: `listens on 127.0.0.1:${port}, user root, password public, database mqtt` }
      : undefined
  },
}
