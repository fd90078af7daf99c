// The peers: other brokers and carriers, started on ports and folders of our own, ended by process id.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../helpers/ports.ts'
import { CACHE } from './native.ts'

const MOSQUITTO = '/usr/sbin/mosquitto'
const TELEGRAF_MODULE = 'github.com/influxdata/telegraf/cmd/telegraf@v1.34.4'
const TELEGRAF_TAGS = 'custom,inputs.mqtt_consumer,outputs.postgresql,parsers.value'
const READY_MS = 10_000

export interface Peer {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

/** Persistence is off unless a line says otherwise: it is mosquitto's own default. */
export async function startMosquitto(...lines: string[]): Promise<Peer> {
  if (!existsSync(MOSQUITTO)) aptInstall('mosquitto')
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mosquitto-'))
  const conf = join(folder, 'mosquitto.conf')
  writeFileSync(conf, [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'log_dest none', ...lines, ''].join('\n'))
  return listening(spawn(MOSQUITTO, ['-c', conf], { stdio: 'ignore' }), port, folder)
}

/** @param errors where its standard error goes */
export async function startStockAedes(errors: 'inherit' | 'ignore' = 'inherit'): Promise<Peer> {
  const port = await freePort()
  const script = join(import.meta.dirname, 'stock-aedes.ts')
  return listening(spawn(process.execPath, [script, String(port)], { stdio: ['ignore', 'inherit', errors] }), port)
}

/** @param conf the whole configuration */
export async function startTelegraf(conf: string): Promise<{ stop(): Promise<void> }> {
  const program = join(CACHE, 'telegraf')
  if (!existsSync(program)) {
    execFileSync('go', ['install', '-tags', TELEGRAF_TAGS, TELEGRAF_MODULE], {
      env: { ...process.env, GOBIN: CACHE },
      stdio: 'inherit',
    })
  }
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-telegraf-'))
  const file = join(folder, 'telegraf.conf')
  writeFileSync(file, conf)
  const child = spawn(program, ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  await new Promise<void>((resolve, reject) => {
    let printed = ''
    child.stderr.on('data', (chunk) => {
      printed += chunk
      if (/\[inputs\.mqtt_consumer\] Connected/.test(printed)) resolve()
    })
    child.once('exit', () => reject(new Error(`telegraf ended:\n${printed}`)))
  })
  return { stop: () => end(child, folder) }
}

async function listening(child: ChildProcess, port: number, folder?: string): Promise<Peer> {
  const deadline = Date.now() + READY_MS
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${child.spawnfile} does not listen`)
    await sleep(20)
  }
  return { port, pid: child.pid!, stop: () => end(child, folder) }
}

/** Is there a listener? */
export async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function end(child: ChildProcess, folder?: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  if (folder) rmSync(folder, { recursive: true })
}

function aptInstall(name: string): void {
  if (process.getuid?.() !== 0) throw new Error(`${name} is not installed; as root: apt-get install ${name}`)
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: 'ignore' } as const
  execFileSync('apt-get', ['update', '-qq'], quiet)
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], quiet)
}
