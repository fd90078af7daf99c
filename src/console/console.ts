// The line console: one line, one person after the other.

import { HoldfastError } from '../model/errors.ts'
import { History } from './history.ts'
import type { ConsoleOptions } from './host.ts'
import { type LoggedIn, login } from './login.ts'
import { Shell } from './shell.ts'
import { Gone, type Line, Terminal } from './terminal.ts'

export type { ConsoleOptions, Host } from './host.ts'
export type { Line } from './terminal.ts'

/** Resolves when the line has ended, or with `once` when who was there has left. */
export async function serveConsole(line: Line, options: ConsoleOptions): Promise<void> {
  const terminal = new Terminal(line)
  const histories = new Map<string, History>()
  try {
    do {
      const person = await login(terminal, options)
      if (!person) break
      await session(terminal, options, person, histories)
    } while (!options.once)
  } catch (error) {
    if (!(error instanceof Gone)) throw error
  } finally {
    terminal.close()
  }
}

async function session(
  terminal: Terminal,
  options: ConsoleOptions,
  { who, first }: LoggedIn,
  histories: Map<string, History>,
): Promise<void> {
  const history = histories.get(who) ?? new History()
  histories.set(who, history)
  try {
    terminal.stay((await options.host.idleMs()) ?? Number.POSITIVE_INFINITY)
    await terminal.askSize()
    await welcome(terminal, options, { who, first })
    await new Shell(terminal, options, { who, history }).run()
  } catch (error) {
    if (!(error instanceof Gone) || error.why === 'line') throw error
    terminal.stay(Number.POSITIVE_INFINITY)
    await terminal.write('\nlogged out: no key came for too long\n')
  }
}

async function welcome(terminal: Terminal, { host, from }: ConsoleOptions, { who }: LoggedIn): Promise<void> {
  try {
    const status = (await host.run('status', {}, { who, from })) as { version: string; node: string }
    await terminal.print(`Holdfast ${status.version}, ${status.node}\n`)
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    await terminal.print(`${error.message}\n`)
  }
  await terminal.write('`help` lists the commands, Tab completes them, `watch status` shows all at work.\n')
}
