// Somebody who is logged in: lines → commands → what they answered.

import {
  type Candidate,
  COMMANDS,
  type Command,
  helpFor,
  helpIndex,
  onOff,
  parseWords,
  render,
} from '../gateway/commands.ts'
import { HoldfastError } from '../model/errors.ts'
import type { History } from './history.ts'
import type { ConsoleOptions } from './host.ts'
import { OWN_COMMANDS, type OwnCommand } from './own-commands.ts'
import { page } from './pager.ts'
import { agreed, ask, askLine } from './prompt.ts'
import { candidatesFor } from './suggest.ts'
import type { Terminal } from './terminal.ts'
import { wordsOf } from './words.ts'

/** As `ctl` has them, wherever they stand. */
const OPTIONS = {
  json: onOff('The result as JSON'),
  dryRun: onOff('Only say what the command would do'),
  yes: onOff("Do not ask before what can't be undone"),
}

export interface Person {
  readonly who: string
  readonly history: History
}

export class Shell {
  readonly terminal: Terminal
  readonly options: ConsoleOptions
  readonly person: Person
  #leaving = false

  constructor(terminal: Terminal, options: ConsoleOptions, person: Person) {
    this.terminal = terminal
    this.options = options
    this.person = person
  }

  /** Until whoever it is logs out. @throws Gone */
  async run(): Promise<void> {
    const { terminal, person } = this
    while (!this.#leaving) {
      const answer = await ask(terminal, {
        prompt: `${person.who}> `,
        history: person.history,
        complete: (editor) => candidatesFor(editor, this),
      })
      if (answer === 'end') this.leave()
      else if (answer !== 'interrupt') await this.#lines('line' in answer ? [answer.line] : answer.pasted.split('\n'))
    }
  }

  leave(): void {
    this.#leaving = true
  }

  /** What a command answers, as text. @throws HoldfastError; Gone */
  async answerOf(words: readonly string[]): Promise<string> {
    const { terminal, options, person } = this
    const { command, input: written, face: flags } = parseWords(words, COMMANDS, OPTIONS)
    const input = flags.dryRun ? written : await this.#withSecrets(command, written)
    const { name } = command
    const preview = async (): Promise<string> => (await options.host.preview(name, input)) ?? 'It only reads.'
    if (flags.dryRun) return `${await preview()}\n`
    if (command.asks && !flags.yes && !(await agreed(terminal, await preview()))) return 'Nothing is changed.\n'
    const result = await options.host.run(name, input, { who: person.who, from: options.from })
    return flags.json ? `${JSON.stringify(result)}\n` : render(result, command, input)
  }

  help(words: readonly string[]): string {
    const all = [...COMMANDS, ...OWN_COMMANDS]
    return words.length > 0 ? helpFor(words, all) : `${helpIndex(COMMANDS)}\nHere alone:\n${helpIndex(OWN_COMMANDS)}`
  }

  complete(words: readonly string[]): readonly Candidate[] | Promise<readonly Candidate[]> {
    return this.options.host.complete(words)
  }

  async #lines(lines: readonly string[]): Promise<void> {
    const given = lines.filter((line) => line.trim() !== '')
    const several = `${given.length} lines were pasted:\n${given.map((line) => `  ${line}\n`).join('')}`
    if (given.length > 1 && !(await agreed(this.terminal, `${several}Each would run as a command.`))) return
    for (const line of given) {
      this.person.history.add(line)
      await this.#line(line)
      if (this.#leaving) return
    }
  }

  async #line(line: string): Promise<void> {
    try {
      const { words, open } = wordsOf(line.trim())
      if (open !== '') throw new HoldfastError('USAGE', `the quote ${open} is not closed`)
      const own = OWN_COMMANDS.find(({ name }) => name === words[0])
      if (own) await own.act(this, words.slice(1))
      else await page(this.terminal, await this.answerOf(words))
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
      await page(this.terminal, `${error.message}\n${error.hint ? `hint: ${error.hint}\n` : ''}`)
    }
  }

  /** Secrets that are not in the line are asked for: what is typed in a line stays on the screen. */
  async #withSecrets(command: Command, written: Readonly<Record<string, string | boolean>>) {
    const input = { ...written }
    for (const [key, { type, required, label }] of Object.entries(command.parameters)) {
      if (type.schema.format !== 'password' || !required || input[key] !== undefined) continue
      input[key] = await askLine(this.terminal, `${label}: `, true)
    }
    return input
  }
}

export type { OwnCommand }
