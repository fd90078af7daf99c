// Who is there? A name and a password, or on a gateway without an account the first one's.

import { HoldfastError } from '../model/errors.ts'
import type { ConsoleOptions } from './host.ts'
import { ask, askLine } from './prompt.ts'
import { Gone, type Terminal } from './terminal.ts'

/** Half a login is forgotten after so long. */
const HALF_MS = 60_000
/** On a line that ends with the login. */
const TRIES = 3

const GREETING = `
Holdfast: the console of an edge gateway.
`
const FIRST = `
Holdfast. Nobody has an account here yet: choose a name and a password.
They open this console and the page; devices that connect by MQTT have others.
Whoever sets up by the page instead needs this one-time code: `

export interface LoggedIn {
  readonly who: string
  /** It has made the first account just now. */
  readonly first: boolean
}

/** @returns undefined: whoever was there has left. @throws Gone when the line ends */
export async function login(terminal: Terminal, options: ConsoleOptions): Promise<LoggedIn | undefined> {
  let tries = 0
  let greet = true
  for (;;) {
    try {
      terminal.stay(Number.POSITIVE_INFINITY)
      const code = await options.host.setupCode()
      if (greet) await terminal.write(code === undefined ? GREETING : `${FIRST}${code}\n`)
      greet = false
      const answer = await ask(terminal, { prompt: code === undefined ? 'login: ' : 'name [admin]: ' })
      if (answer === 'end' && options.once) return undefined
      const typed = typeof answer === 'object' && 'line' in answer ? answer.line.trim() : undefined
      terminal.stay(HALF_MS)
      if (code !== undefined && typed !== undefined) {
        const name = typed || 'admin'
        const password = await newPassword(terminal)
        if (password === undefined) continue
        await options.host.setUp({ code, name, password }, options.from)
        return { who: name, first: true }
      } else if (typed) {
        const password = await askLine(terminal, 'password: ', true)
        await options.host.login(typed, password, options.from)
        return { who: typed, first: false }
      } else greet = typed === ''
    } catch (error) {
      if (error instanceof Gone && error.why === 'idle') continue
      if (!(error instanceof HoldfastError)) throw error
      await terminal.print(`${error.message}\n${error.hint ? `hint: ${error.hint}\n` : ''}`)
      if (options.once && ++tries === TRIES) return undefined
    }
  }
}

/** @returns undefined: they differ, which is told. @throws Gone */
export async function newPassword(terminal: Terminal): Promise<string | undefined> {
  const password = await askLine(terminal, 'new password: ', true)
  if ((await askLine(terminal, 'once more: ', true)) === password) return password
  await terminal.write('the two passwords differ; nothing is changed\n')
  return undefined
}
