// A Debian 12 of its own: its files below a folder, its own processes and network, with systemd as the first of them or another
// program. That of arm64 runs in an emulator of the processor (qemu-user), on this kernel.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { copyTemplate } from '../helpers/cache.ts'
import { until } from '../helpers/gateway.ts'
import { atEnd, temporaryFolder } from '../helpers/journal.ts'
import { childrenOf, dieWithParent, signalProcess } from '../helpers/processes.ts'

/** As Debian names it. */
export type DebianArchitecture = 'amd64' | 'arm64'

const SUITE = 'bookworm'
/** What a system has that boots, and what our package depends on. */
const PACKAGES = 'systemd-sysv,adduser,libstdc++6'
const EMULATED = '/proc/sys/fs/binfmt_misc/qemu-aarch64'
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
}
const PATIENCE_MS = 120_000

/**
 * A copy of its files, without anything that runs. Made once (half a minute, in the emulator two).
 * @param into where it is put. @param more packages
 */
export function debianRoot(architecture: DebianArchitecture, into: string, more: readonly string[] = []): void {
  if (architecture === 'arm64' && process.arch !== 'arm64') emulate()
  copyTemplate(['debian', SUITE, architecture, ...more].join('-'), into, (folder) => {
    process.stderr.write(`making a Debian of ${architecture} (once) …\n`)
    const without = ['man', 'locale', 'doc'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`)
    const packages = `--include=${[PACKAGES, ...more].join(',')}`
    const what = [`--architectures=${architecture}`, packages, '--variant=minbase', '--mode=root']
    execFileSync('mmdebstrap', [...what, ...without, '--quiet', SUITE, join(folder, 'data')], { stdio: 'inherit' })
  })
}

/** The kernel is told what runs programs of arm64, as booting this system would. */
function emulate(): void {
  if (existsSync(EMULATED)) return
  if (!existsSync(dirname(EMULATED))) execFileSync('mount', ['-t', 'binfmt_misc', 'none', dirname(EMULATED)])
  execFileSync('/usr/lib/systemd/systemd-binfmt', ['/usr/lib/binfmt.d/qemu-aarch64.conf'])
}

const APART = ['--register=no', '--keep-unit', '--private-network', '--console=pipe']

/** Why no system of its own can be run here, or false. */
export function systemMissing(): string | false {
  if (process.getuid?.() !== 0) return 'only root can run another system'
  const host = ['--quiet', '--directory=/', '--volatile=yes', `--machine=holdfast-probe-${process.pid}`]
  try {
    execFileSync('systemd-nspawn', [...host, ...APART, '--as-pid2', '/usr/bin/true'], { stdio: 'pipe' })
    return false
  } catch (error) {
    return `systemd-nspawn may not run a system here: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`
  }
}

/** Whether the process has number 1 in a system of its own. */
const isFirst = (pid: number): boolean => /^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))

export class DebianMachine {
  readonly root: string
  /** What its first process printed. */
  output = ''
  readonly #nspawn: ChildProcess
  #first = 0

  private constructor(root: string, words: readonly string[]) {
    this.root = root
    const what = ['--quiet', `--directory=${root}`, `--machine=holdfast-test-${process.pid}`, ...APART, ...words]
    const [command, ...all] = dieWithParent(['systemd-nspawn', ...what], 'SIGKILL')
    this.#nspawn = spawn(command!, all, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#nspawn.stdout!, this.#nspawn.stderr!]) {
      stream.on('data', (chunk) => {
        this.output += chunk
      })
    }
  }

  /** @param words the rest of systemd-nspawn's: options, and the command that is the first process */
  static async start(t: TestContext, root: string, words: readonly string[]): Promise<DebianMachine> {
    const machine = new DebianMachine(root, words)
    atEnd(t, async () => void (await machine.stop('SIGKILL')))
    const first = (): number | undefined => childrenOf(machine.#nspawn.pid!).find(isFirst)
    machine.#first = (await until('its first process', () => first() ?? machine.#nspawn.exitCode !== null)) as number
    return machine
  }

  /** Resolves when systemd has started all that it starts. @param packages beside the usual ones. @param words options of systemd-nspawn */
  static async boot(
    t: TestContext,
    architecture: DebianArchitecture,
    { packages = [], words = [] }: { packages?: readonly string[]; words?: readonly string[] } = {},
  ): Promise<DebianMachine> {
    const root = join(temporaryFolder(t), 'root')
    debianRoot(architecture, root, packages)
    const machine = await DebianMachine.start(t, root, [...words, '--boot'])
    const state = (): string => machine.try('systemctl', 'is-system-running')
    await until('it has booted', () => /^(running|degraded)/.test(state()), PATIENCE_MS)
    return machine
  }

  /** Sends the signal to its first process, and waits. @returns the exit code */
  stop(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#nspawn.exitCode === null) signalProcess(this.#first || this.#nspawn.pid!, signal)
    return this.ended()
  }

  /** @returns the exit code of its first process */
  async ended(): Promise<number | null> {
    if (this.#nspawn.exitCode === null) await once(this.#nspawn, 'exit')
    return this.#nspawn.exitCode
  }

  /** @returns what the command printed. @throws when it fails, with that */
  run(...command: string[]): string {
    return this.#within(['--mount', '--pid', '--uts', '--ipc', '--net', '--root', '--wd'], command)
  }

  /** As `run`, but a command that fails is no error. */
  try(...command: string[]): string {
    return this.run('sh', '-c', '"$@" 2>&1; true', 'sh', ...command)
  }

  /** A program of this system's, on that one's network. */
  beside(...command: string[]): string {
    return this.#within(['--net'], command)
  }

  #within(what: readonly string[], command: readonly string[]): string {
    const words = ['-t', String(this.#first), ...what, ...command]
    return execFileSync('nsenter', words, { encoding: 'utf8', env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
  }

  /** @param file an absolute path there */
  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.root, file)), { recursive: true })
    writeFileSync(join(this.root, file), text)
  }
}
