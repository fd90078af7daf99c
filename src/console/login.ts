// Who is there? A name and a password, or on a gateway without an account the first one's.

import { HoldfastError } from '../model/errors.ts'
import type { ConsoleOptions, Proof } from './host.ts'
import { ask, askLine, told } from './prompt.ts'
import { Gone, type Terminal } from './terminal.ts'

/** Half a login is forgotten after so long. */
const HALF_MS = 60_000
/** On a line that ends with the login. */
const TRIES = 3

const GREETING = `
Holdfast: the console of an edge gateway.
`
const FIRST = `
Holdfast. Nobody has an account here yet: choose a name, and then a password.
They open this console and the page; devices that connect by MQTT have others.
Whoever sets up by the page instead needs this one-time code: `

export interface LoggedIn {
  readonly proof: Proof
  /** It has made the first account just now. */
  readonly isFirst: boolean
}

/** @returns undefined: whoever was there has left. @throws Gone when the line ends */
export async function login(terminal: Terminal, options: ConsoleOptions): Promise<LoggedIn | undefined> {
  let faults = 0
  let greets = true
  for (;;) {
    try {
      const outcome = await attempt(terminal, options, greets)
      if (typeof outcome === 'object') return outcome
      if (outcome === 'end' && options.once) return undefined
      greets = outcome === 'nothing'
    } catch (error) {
      if (error instanceof Gone && error.why === 'idle') continue
      if (!(error instanceof HoldfastError)) throw error
      await terminal.print(told(error))
      if (options.once && ++faults === TRIES) return undefined
      if (error.code === 'NOT_RUNNING') await ask(terminal, { prompt: 'Enter tries again' })
      greets = false
    }
  }
}

/** @throws Gone; HoldfastError: why not */
async function attempt(
  terminal: Terminal,
  { host, from }: ConsoleOptions,
  greets: boolean,
): Promise<LoggedIn | 'end' | 'interrupt' | 'nothing'> {
  terminal.stay(Number.POSITIVE_INFINITY)
  const code = await host.setupCode()
  if (greets) await terminal.write(code === undefined ? GREETING : `${FIRST}${code}\n`)
  const answer = await ask(terminal, { prompt: code === undefined ? 'login: ' : 'name: ' })
  if (typeof answer === 'string') return answer
  const typed = 'line' in answer ? answer.line.trim() : ''
  if (typed === '') return 'nothing' // Enter, to see whether anybody is there
  terminal.stay(HALF_MS)
  if (code !== undefined) {
    const password = await newPassword(terminal)
    if (password === undefined) return 'interrupt'
    return { proof: await host.setUp({ code, name: typed, password }, from), isFirst: true }
  }
  const password = await askLine(terminal, 'password: ', true)
  return { proof: await host.login(typed, password, from), isFirst: false }
}

/** @returns undefined: they differ, which is told. @throws Gone */
export async function newPassword(terminal: Terminal): Promise<string | undefined> {
  const password = await askLine(terminal, 'new password: ', true)
  if ((await askLine(terminal, 'once more: ', true)) === password) return password
  await terminal.write('the two passwords differ; nothing is changed\n')
  return undefined
}
