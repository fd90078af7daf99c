// As good as a machine of its own for one gateway: its own network, so that the configuration as shipped finds its ports free,
// and its own view of the disk, which a test makes as poor as it likes.

import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { residentMb } from '../bench/gateway.ts'
import { until } from '../helpers/gateway.ts'
import { atEnd } from '../helpers/journal.ts'

const DIST = join(import.meta.dirname, '../../dist')
const NAME = `holdfast-linux-${process.arch}`
if (!existsSync(join(DIST, NAME))) throw new Error(`dist/${NAME} is not there: npm run build`)

/** Where the binary is on such a machine. */
const PLACE = '/media'

export interface Setting {
  /** The current folder. */
  readonly folder: string
  /** Shell commands before the start, as root, on this view of the disk: mount, chown, … */
  readonly before?: string
  /** Default: root. */
  readonly uid?: number
  /** A command that runs what follows it, with its path. */
  readonly within?: readonly string[]
  /** All that is in the environment. */
  readonly env?: NodeJS.ProcessEnv
}

export class OwnMachine {
  readonly #child: ChildProcess
  /** What it printed: for the person who started it, and its log. */
  stdout = ''
  stderr = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]!.on('data', (chunk) => {
        this[stream] += chunk
      })
    }
  }

  /** `holdfast <words>` there; undefined, and the test skipped, where this user may not have it. */
  static run(t: TestContext, words: readonly string[], setting: Setting): OwnMachine | undefined {
    try {
      execFileSync('unshare', ['--mount', '--net', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'pipe' })
    } catch {
      t.skip('no right to a network and mounts of its own (unshare), or no ip')
      return undefined
    }
    const { folder, before = '', uid = 0, within = [], env = {} } = setting
    const settle = `set -e; PATH=$1; shift; ip link set lo up; mount --bind ${DIST} ${PLACE}\n${before}\ncd "$PWD"; unset PATH; exec "$@"`
    const user = [
      '/usr/bin/setpriv',
      `--reuid=${uid}`,
      `--regid=${uid}`,
      '--clear-groups',
      ...within,
      `${PLACE}/${NAME}`,
    ]
    const shell = ['/bin/sh', '-c', settle, 'sh', process.env.PATH!, ...user, ...words]
    const child = spawn('/usr/bin/unshare', ['--mount', '--net', ...shell], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const machine = new OwnMachine(child)
    atEnd(t, async () => {
      if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
    })
    return machine
  }

  /** MB of memory that it has now. */
  get resident(): number {
    return residentMb(this.#child.pid!)
  }

  async running(): Promise<this> {
    await until('it runs', () => this.stdout.includes('Holdfast is running') || this.#child.exitCode !== null)
    assert.equal(this.#child.exitCode, null, this.stderr)
    return this
  }

  /** A program beside the gateway, with its network and its view of the disk. @returns what it printed */
  beside(command: string, ...words: string[]): string {
    const where = ['-t', String(this.#child.pid), '--mount', '--net', '--wd=.']
    return execFileSync('nsenter', [...where, command, ...words], { encoding: 'utf8' })
  }

  /** @returns the exit code */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    return this.ended()
  }

  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
    return this.#child.exitCode
  }
}
