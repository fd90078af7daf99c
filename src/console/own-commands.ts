// What only a console has: what is about the terminal, and about who sits at it.

import { COMMANDS, findCommand, optional, required, type Spoken, word } from '../gateway/commands.ts'
import { HoldfastError } from '../model/errors.ts'
import { newPassword } from './login.ts'
import { page } from './pager.ts'
import { askLine } from './prompt.ts'
import type { Shell } from './shell.ts'
import { watch } from './watch.ts'

export interface OwnCommand extends Spoken {
  /** Its words go on from these, for completion. */
  readonly stands?: readonly string[]
  /** @throws HoldfastError; Gone */
  act(shell: Shell, words: readonly string[]): void | Promise<void>
}

const EVERY_MS = 2000
const PUT = ['config', 'file', 'put']

const help: OwnCommand = {
  name: 'help',
  summary: 'every command, or more about one',
  parameters: { command: optional(word('a command'), 'COMMAND', 'Its words, or the first of them', { rest: true }) },
  stands: [],
  act: (shell, words) => page(shell.terminal, shell.help(words)),
}

const watching: OwnCommand = {
  name: 'watch',
  summary: 'a command that only reads, again and again; any key ends it',
  help: `Every ${EVERY_MS / 1000} seconds. Only what changed is sent, so it does on a slow line, too.`,
  parameters: {
    command: required(word('a command'), 'COMMAND', 'Such as status, lanes, clients', { rest: true }),
  },
  stands: [],
  async act(shell, words) {
    const { name, changes } = findCommand(words.length > 0 ? words : ['status'], COMMANDS)
    if (changes) throw new HoldfastError('USAGE', `'${name}' changes something; only what reads can be watched`)
    await watch(
      shell.terminal,
      EVERY_MS,
      async () => (await shell.answerOf(words.length > 0 ? words : ['status'])) ?? '',
    )
  },
}

const paste: OwnCommand = {
  name: 'paste',
  summary: 'a whole file of the configuration, as you paste or type it',
  help: 'The same as `config file put FILE`. Ends with a line that is a lone dot, or ctrl-d.',
  parameters: { file: required(word("a file's name"), 'FILE', 'Such as plugins/emqx_backend_pgsql.conf') },
  stands: PUT,
  async act(shell, words) {
    await shell.give([...PUT, ...words])
  },
}

const history: OwnCommand = {
  name: 'history',
  summary: 'the lines that you gave',
  help: 'The arrows bring them back. A line that begins with a space is not remembered.',
  parameters: {},
  act({ terminal, history }) {
    const lines = history.lines.map((line, i) => `${String(i + 1).padStart(4)}  ${line}\n`)
    return page(terminal, lines.join('') || '(none)\n')
  },
}

const password: OwnCommand = {
  name: 'password',
  summary: 'set yourself another password',
  parameters: {},
  async act(shell) {
    const { terminal } = shell
    const current = await askLine(terminal, 'your password now: ', true)
    const next = await newPassword(terminal)
    if (next === undefined) return
    await shell.changePassword(current, next)
    await terminal.write('Your password is changed.\n')
  },
}

const resize: OwnCommand = {
  name: 'resize',
  summary: 'ask the terminal how large it is',
  parameters: {},
  async act({ terminal }) {
    const known = await terminal.askSize()
    const { columns, rows } = terminal.size
    const how = known ? '' : ': it does not answer, so this is assumed'
    await terminal.write(`${columns} columns, ${rows} rows${how}\n`)
  },
}

const logout: OwnCommand = {
  name: 'logout',
  summary: 'end this; so does ctrl-d on an empty line',
  parameters: {},
  act: (shell) => shell.leave(),
}

export const OWN_COMMANDS: readonly OwnCommand[] = [help, watching, paste, history, password, resize, logout]
