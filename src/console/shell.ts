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
  type Written,
} from '../gateway/commands.ts'
import { HoldfastError } from '../model/errors.ts'
import type { History } from './history.ts'
import type { ConsoleOptions } from './host.ts'
import { OWN_COMMANDS } from './own-commands.ts'
import { page } from './pager.ts'
import { typedText } from './paste.ts'
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
    const input = flags.dryRun ? written : await this.#completed(command, written)
    if (!input) return 'Nothing is changed.\n'
    const { name } = command
    const preview = async (): Promise<string> => (await options.host.preview(name, input)) ?? 'It only reads.'
    if (flags.dryRun) return `${await preview()}\n`
    if (command.asks && !flags.yes && !(await agreed(terminal, await preview()))) return 'Nothing is changed.\n'
    const result = await options.host.run(name, input, { who: person.who, from: options.from })
    return flags.json
      ? `${JSON.stringify(result)}\n`
      : render(result, { ...command, input, width: terminal.size.columns })
  }

  help(words: readonly string[]): string {
    const { columns } = this.terminal.size
    if (words.length > 0) return helpFor(words, [...COMMANDS, ...OWN_COMMANDS], columns)
    return `${helpIndex(COMMANDS, columns)}\nHere alone:\n${helpIndex(OWN_COMMANDS, columns)}`
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

  /**
   * What a line is no place for is asked for: secrets, since what is typed there stays on the screen, and texts of many lines.
   * @returns undefined: it was dropped
   */
  async #completed(command: Command, written: Written): Promise<Written | undefined> {
    const input = { ...written }
    for (const [key, { type, required, fromFile, label }] of Object.entries(command.parameters)) {
      const given = input[key]
      if (fromFile && (given === '-' || (required && given === undefined))) {
        const text = await typedText(this.terminal, String(Object.values(input)[0] ?? label))
        if (text === undefined) return undefined
        input[key] = text
      } else if (fromFile && given !== undefined) {
        throw new HoldfastError('NO_FILE', `a console has no file ${given}`, {
          hint: `leave ${label} out, and paste it`,
        })
      } else if (type.schema.format === 'password' && required && given === undefined) {
        input[key] = await askLine(this.terminal, `${label}: `, true)
      }
    }
    return input
  }
}
