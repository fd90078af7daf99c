// A serial line without wires: a pair of pseudo-terminals that socat keeps. The one end is a device for the gateway; at the other
// a test types and reads, or a terminal program.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { until } from './gateway.ts'
import { dieWithParent, findProgram } from './processes.ts'
import { Screen, Wire } from './screen.ts'

/** Why tests with these programs can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function terminalsMissing(...programs: string[]): string | false {
  const missing = programs.filter((name) => !findProgram(name))
  if (missing.length === 0 || process.env.CI === 'true') return false
  return `there is no ${missing.join(' and no ')}; as root: scripts/services install terminals`
}

export class SerialLine {
  /** For the gateway. */
  readonly device: string
  #socat: ChildProcess | undefined

  constructor(device: string) {
    this.device = device
  }

  /** The device appears. @param end where the other end is to be; absent: it is the wire */
  async plug(end?: string): Promise<SerialWire> {
    const pty = (path: string): string => `pty,raw,echo=0,link=${path}`
    const [program, ...args] = dieWithParent(['socat', pty(this.device), end ? pty(end) : 'STDIO'], 'SIGKILL')
    const socat = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#socat = socat
    await until('the device is there', () => existsSync(this.device) && (!end || existsSync(end)))
    return new SerialWire(socat)
  }

  /** The device is gone. */
  async unplug(): Promise<void> {
    const socat = this.#socat
    if (!socat || socat.exitCode !== null || socat.signalCode !== null) return
    const ended = once(socat, 'exit')
    socat.kill('SIGTERM') // so that it takes its links away
    await ended
  }
}

/** A terminal at the other end. */
export class SerialWire extends Wire {
  readonly #socat: ChildProcess

  constructor(socat: ChildProcess, screen = new Screen()) {
    super(screen)
    this.#socat = socat
    this.toConsole.pipe(socat.stdin!)
    socat.stdin!.on('error', () => {}) // unplugged
  }

  override read(): this {
    this.#socat.stdout!.pipe(this.fromConsole)
    return super.read()
  }
}
