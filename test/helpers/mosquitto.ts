// mosquitto_pub and mosquitto_sub: the clients that scripts and people use.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { dieWithParent, findProgram } from './processes.ts'

const run = promisify(execFile)

/** Why tests with mosquitto can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function mosquittoMissing(...programs: string[]): string | false {
  const wanted = programs.length > 0 ? programs : ['mosquitto_pub', 'mosquitto_sub']
  const missing = wanted.filter((name) => !findProgram(name, ['/usr/sbin']))
  if (missing.length === 0 || process.env.CI === 'true') return false
  return `there is no ${missing.join(' and no ')}; as root: scripts/services install mosquitto`
}

const at = (port: number): string[] => ['-h', '127.0.0.1', '-p', String(port)]

/** Resolves when it has ended, for QoS 1 and 2 with the acknowledgement. Rejects with what it said. */
export async function mosquittoPub(port: number, ...args: string[]): Promise<void> {
  await run('mosquitto_pub', [...at(port), ...args])
}

export interface Listening {
  /** What it printed, by line, once it has ended: after the messages of `-C`, or the seconds of `-W`. */
  readonly lines: Promise<string[]>
}

/** Resolves when it has subscribed. */
export async function mosquittoSub(port: number, ...args: string[]): Promise<Listening> {
  // -d tells of the subscription, -W ends it where what -C waits for does not come
  const [program, ...rest] = dieWithParent(
    ['stdbuf', '-oL', 'mosquitto_sub', ...at(port), '-d', '-W', '20', ...args],
    'SIGINT',
  )
  const child = spawn(program!, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  const subscribed = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      output += chunk
      if (output.includes('Subscribed (mid')) resolve()
    })
  })
  const ended = once(child, 'close')
  const failed = ended.then(() => assert.match(output, /received CONNACK \(0\)/, 'mosquitto_sub was not let in'))
  await Promise.race([subscribed, failed])
  return {
    lines: ended.then(() => output.split('\n').filter((line) => line !== '' && !/^(Client |Subscribed )/.test(line))),
  }
}
