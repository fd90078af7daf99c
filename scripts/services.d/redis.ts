import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/helpers/ports.ts'
import { RedisServer } from '../../test/helpers/redis.ts'
import type { Service } from '../services.ts'

export const service: Service = {
  stopSignal: 'SIGTERM',
  async up(folder) {
    await new RedisServer(await freePort(), { folder, outlive: true }).start()
  },
  /** Redis' own note of its process id, and the port of the file that it was started with. */
  running(folder) {
    const [note, conf] = ['pid', 'redis.conf'].map((name) => join(folder, name))
    if (!existsSync(note!) || !existsSync(conf!)) return undefined
    const pid = Number(readFileSync(note!, 'utf8'))
    const port = /^port (\d+)/m.exec(readFileSync(conf!, 'utf8'))?.[1]
    return existsSync(`/proc/${pid}`) ? { pid, where: `listens on 127.0.0.1:${port}, no password` } : undefined
  },
}
