import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CassandraServer } from '../../test/helpers/cassandra.ts'
import { freePort } from '../../test/helpers/ports.ts'
import type { Service } from '../services.ts'

/** Our note of the running server: process id and port. */
const note = (folder: string): string => join(folder, 'running')

export const service: Service = {
  stopSignal: 'SIGTERM',
  async up(folder) {
    const server = new CassandraServer(await freePort(), await freePort(), { folder, outlive: true })
    await server.start()
  },
  running(folder) {
    if (!existsSync(note(folder))) return undefined
    const [pid, port] = readFileSync(note(folder), 'utf8').split(' ').map(Number)
    const where = `listens on 127.0.0.1:${port}, user cassandra, password cassandra`
    return existsSync(`/proc/${pid}`) ? { pid: pid!, where } : undefined
  },
}
