// The gateway under test, with one hook and nothing else, and what the kernel knows of its process.

import { readFileSync } from 'node:fs'
import { GatewayProcess } from '../helpers/gateway.ts'

/** Nobody listens there: what is queued stays queued. */
export const NOWHERE = 1

const QUIET = 'log.level = error\nqueue.max_bytes = 64GB'

/** `on_message_publish` to a PostgreSQL server at `port`, as user postgres. */
export function pgsqlHook(port: number): Record<string, string> {
  return {
    pgsql: `
backend.pgsql.pool1.server = 127.0.0.1:${port}
backend.pgsql.pool1.username = postgres
backend.pgsql.pool1.password = public
backend.pgsql.pool1.database = mqtt
backend.pgsql.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`,
  }
}

/** `on_message_publish` to the embedded database. */
export const SQLITE_HOOK = {
  sqlite: `
backend.sqlite.pool1.database = mqtt.db
backend.sqlite.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`,
}

export function configure(gateway: GatewayProcess, plugins: Readonly<Record<string, string>>): void {
  gateway.configure({ conf: QUIET, plugins })
}

/** Started on folders of its own; `env` goes to its process. */
export async function startGateway(
  plugins: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = {},
): Promise<GatewayProcess> {
  const gateway = new GatewayProcess()
  configure(gateway, plugins)
  Object.assign(process.env, env)
  const started = gateway.start() // takes the environment before it first waits
  for (const name of Object.keys(env)) delete process.env[name]
  return started
}

/** Bytes that the process, with all its threads, caused to be written to the disk. */
export function bytesWritten(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1])
}

/** Memory in use, in MB. */
export function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}
