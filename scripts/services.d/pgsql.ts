import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/helpers/ports.ts'
import { PostgresServer } from '../../test/helpers/postgres.ts'
import type { Service } from '../services.ts'

export const service: Service = {
  stopSignal: 'SIGINT',
  async up(folder) {
    await new PostgresServer(await freePort(), { folder, outlive: true }).start()
  },
  /** PostgreSQL's own note of the running server: its process id in the first line, its port in the fourth. */
  running(folder) {
    const file = join(folder, 'data', 'postmaster.pid')
    if (!existsSync(file)) return undefined
    const lines = readFileSync(file, 'utf8').split('\n')
    const pid = Number(lines[0])
    const where = `listens on 127.0.0.1:${Number(lines[3])}, user postgres, password public, database mqtt`
    return existsSync(`/proc/${pid}`) ? { pid, where } : undefined
  },
}
