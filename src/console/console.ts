// The line console: one line, one person after the other.

import type { Caller } from '../gateway/commands.ts'
import type { Status } from '../gateway/status.ts'
import { HoldfastError } from '../model/errors.ts'
import { History } from './history.ts'
import type { ConsoleOptions, Host } from './host.ts'
import { type LoggedIn, login } from './login.ts'
import { told } from './prompt.ts'
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
  { proof, isFirst }: LoggedIn,
  histories: Map<string, History>,
): Promise<void> {
  const history = histories.get(proof.name) ?? new History()
  histories.set(proof.name, history)
  try {
    terminal.stay((await options.host.idleMs()) ?? Number.POSITIVE_INFINITY)
    await terminal.askSize()
    await welcome(terminal, options, { proof, isFirst })
    await new Shell(terminal, options, { proof, history }).run()
  } catch (error) {
    if (!(error instanceof Gone) || error.why === 'line') throw error
    terminal.stay(Number.POSITIVE_INFINITY)
    await terminal.write('\nlogged out: no key came for too long\n')
  }
}

async function welcome(
  terminal: Terminal,
  { host, from }: ConsoleOptions,
  { proof, isFirst }: LoggedIn,
): Promise<void> {
  await terminal.print(isFirst ? FIRST_STEPS : await atAGlance(host, { who: proof.name, from }))
}

const FIRST_STEPS = `
\`paste plugins/emqx_backend_pgsql.conf\` takes your hooks file, and lists its faults.
\`config commit --confirm 5\` takes it up for 5 minutes, \`config confirm\` for good.
\`plugins load emqx_backend_pgsql\` runs it, \`pool test pgsql.pool1\` asks it.
\`watch status\` shows all at work, \`help\` the rest.
`

const STEPS = '`help` lists the commands, Tab completes them, `watch status` shows all at work.\n'

async function atAGlance(host: Host, caller: Caller): Promise<string> {
  try {
    const { version, node, pools } = (await host.run('status', {}, caller)) as Status
    const down = pools
      .filter(({ state }) => state !== 'up')
      .map(({ kind, name, state }) => `${kind}.${name} is ${state}`)
    return `Holdfast ${version}, ${node}; ${down.join(', ') || 'all pools are up'}\n${STEPS}`
  } catch (error) {
    if (error instanceof HoldfastError) return told(error)
    throw error
  }
}
