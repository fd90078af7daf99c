// `scripts/services up|down|status KIND …`: servers that outlive the script, for trying things out.

import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** What `services.d/<kind>.ts` exports as `service`. All of a server is in the folder, which stays. */
export interface Service {
  /** Starts it; it goes on when this process ends. */
  up(folder: string): Promise<void>
  /** The running server's process, and a sentence: where it listens, and who may come in. */
  running(folder: string): { readonly pid: number; readonly where: string } | undefined
  readonly stopSignal: NodeJS.Signals
}

const cache = process.env.HOLDFAST_CACHE ?? resolve(import.meta.dirname, '../.cache')
const [command = 'status', ...kinds] = process.argv.slice(2)

for (const kind of kinds) {
  const { service } = (await import(`./services.d/${kind}.ts`)) as { service: Service }
  const folder = join(cache, 'services', kind)
  mkdirSync(folder, { recursive: true })
  const server = service.running(folder)
  if (command === 'up' && !server) await service.up(folder)
  if (command === 'down' && server) {
    process.kill(server.pid, service.stopSignal)
    while (existsSync(`/proc/${server.pid}`)) await sleep(20)
  }
  const now = service.running(folder)
  console.log(`${kind} ${now ? `${now.where} (pid ${now.pid})` : 'is not running'}`)
}
