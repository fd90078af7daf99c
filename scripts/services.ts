// `scripts/services up|down|status`: one PostgreSQL that outlives the script, for trying things out.

import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, PostgresServer } from '../test/helpers/postgres.ts'

const cache = process.env.HOLDFAST_CACHE ?? resolve(import.meta.dirname, '../.cache')
const folder = join(cache, 'services', 'pgsql')

/** PostgreSQL's own note of the running server: its process id in the first line, its port in the fourth. */
function running(): { pid: number; port: number } | undefined {
  const file = join(folder, 'data', 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const lines = readFileSync(file, 'utf8').split('\n')
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  return existsSync(`/proc/${pid}`) ? { pid, port } : undefined
}

async function up(): Promise<void> {
  if (running()) return status()
  await new PostgresServer(await freePort(), { folder, outlive: true }).start()
  status()
}

async function down(): Promise<void> {
  const server = running()
  if (!server) return status()
  process.kill(server.pid, 'SIGINT')
  while (existsSync(`/proc/${server.pid}`)) await sleep(20)
  status()
}

function status(): void {
  const server = running()
  const where = `listens on 127.0.0.1:${server?.port}, user postgres, password public, database mqtt (pid ${server?.pid})`
  console.log(`pgsql ${server ? where : 'is not running'}`)
}

const commands: Readonly<Record<string, () => void | Promise<void>>> = { up, down, status }
await commands[process.argv[2] ?? 'status']!()
