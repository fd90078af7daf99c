// Somebody who is logged in: lines → commands → what they answered.

import {
  type Caller,
  type Candidate,
  COMMANDS,
  type Command,
  FLAGS,
  findCommand,
  helpFor,
  helpIndex,
  isJson,
  parseWords,
  render,
  type Written,
} from '../gateway/commands.ts'
import { HoldfastError } from '../model/errors.ts'
import type { History } from './history.ts'
import type { ConsoleOptions, Proof } from './host.ts'
import { newPassword } from './login.ts'
import { OWN_COMMANDS } from './own-commands.ts'
import { page } from './pager.ts'
import { typedText } from './paste.ts'
import { agreed, ask, told } from './prompt.ts'
import { candidatesFor } from './suggest.ts'
import { Gone, type Terminal } from './terminal.ts'
import { wordsOf } from './words.ts'

/** Of `config status`. */
interface Pending {
  readonly candidate: object | null
  readonly toConfirm: { readonly leftMs: number } | null
}

export interface Person {
  readonly proof: Proof
  readonly history: History
}

export class Shell {
  readonly terminal: Terminal
  readonly options: ConsoleOptions
  readonly history: History
  #proof: Proof
  #isLeaving = false

  constructor(terminal: Terminal, options: ConsoleOptions, { proof, history }: Person) {
    this.terminal = terminal
    this.options = options
    this.#proof = proof
    this.history = history
  }

  /** Until whoever it is logs out, or may not be here any more. @throws Gone */
  async run(): Promise<void> {
    const { terminal, history } = this
    while (!this.#isLeaving) {
      const answer = await ask(terminal, {
        prompt: `${this.#proof.name}${await this.#pending()}> `,
        history,
        complete: (editor) => candidatesFor(editor, this),
      })
      if (answer === 'end') this.leave()
      else if (answer !== 'interrupt') await this.#lines('line' in answer ? [answer.line] : answer.pasted.split('\n'))
    }
  }

  leave(): void {
    this.#isLeaving = true
  }

  /** @throws HoldfastError */
  async changePassword(current: string, next: string): Promise<void> {
    const { host, from } = this.options
    this.#proof = await host.changePassword({ name: this.#proof.name, current, next }, from)
  }

  /** What a command answers, as text; undefined: it was called off. @throws HoldfastError; Gone */
  async answerOf(words: readonly string[]): Promise<string | undefined> {
    const { terminal, options } = this
    const { command, input: written, face: flags } = parseWords(words, COMMANDS, FLAGS)
    const input = flags.dryRun ? written : await this.#completed(command, written)
    if (!input) return undefined
    const { name } = command
    const preview = async (): Promise<string> =>
      (await options.host.preview(name, input, this.#caller)) ?? 'It only reads.'
    if (flags.dryRun) return preview()
    if (command.asks && !flags.yes && !(await agreed(terminal, await preview()))) return undefined
    const shown = (result: unknown, more: object): string =>
      flags.json ? JSON.stringify(result) : render(result, { ...command, ...more })
    const followed = ({ name, follow }: Command, values: Written): Promise<string> =>
      this.#followed(name, values, (item) => shown(item, { did: follow?.line }))
    if (flags.follow) return followed(command, input)
    const result = await options.host.run(name, input, this.#caller)
    const text = shown(result, { input, width: terminal.size.columns })
    if (command.goesOn === undefined) return text
    await terminal.print(`${text.trimEnd()}\n`)
    return followed(findCommand([command.goesOn], COMMANDS), {})
  }

  /** @throws HoldfastError; Gone */
  async give(words: readonly string[]): Promise<void> {
    await page(this.terminal, (await this.answerOf(words)) ?? 'Nothing is changed.')
  }

  help(words: readonly string[]): string {
    const { columns } = this.terminal.size
    if (words.length > 0) return helpFor(words, [...COMMANDS, ...OWN_COMMANDS], columns)
    return `${helpIndex(COMMANDS, columns)}\nHere alone:\n${helpIndex(OWN_COMMANDS, columns)}`
  }

  complete(words: readonly string[]): readonly Candidate[] | Promise<readonly Candidate[]> {
    return this.options.host.complete(words)
  }

  get #caller(): Caller {
    return { who: this.#proof.name, from: this.options.from }
  }

  /** What is still to be done about the configuration, for the prompt: `*` there is a candidate. */
  async #pending(): Promise<string> {
    try {
      const { candidate, toConfirm } = (await this.options.host.run('config status', {}, this.#caller)) as Pending
      const left = toConfirm ? ` (${Math.ceil(toConfirm.leftMs / 1000)} s to confirm)` : ''
      return `${candidate ? '*' : ''}${left}`
    } catch (error) {
      if (error instanceof HoldfastError) return ''
      throw error
    }
  }

  /** Items as they come, until a key. */
  async #followed(name: string, input: Written, line: (item: unknown) => string): Promise<string> {
    const { terminal, options } = this
    const end = new AbortController()
    void terminal.pressed().then(() => end.abort())
    for await (const item of options.host.follow(name, input, end.signal)) {
      await terminal.print(`${line(item).trimEnd()}\n`)
      if (terminal.hasKey) break
    }
    end.abort()
    if (terminal.hasKey) await terminal.singleKey()
    return ''
  }

  async #lines(lines: readonly string[]): Promise<void> {
    const given = lines.filter((line) => line.trim() !== '')
    const several = `${given.length} lines were pasted:\n${given.map((line) => `  ${line}\n`).join('')}`
    if (given.length > 1 && !(await agreed(this.terminal, `${several}Each would run as a command.`))) return
    for (const line of given) {
      if (this.#isLeaving) return
      this.history.add(line)
      await this.#line(line)
    }
  }

  async #line(line: string): Promise<void> {
    try {
      if (!(await this.options.host.holds(this.#proof))) {
        this.leave()
        throw new HoldfastError('LOGIN', 'the account is gone, or has another password: nothing was done')
      }
      const { words, open } = wordsOf(line.trim())
      if (open !== '') throw new HoldfastError('USAGE', `the quote ${open} is not closed`)
      const own = OWN_COMMANDS.find(({ name }) => name === words[0])
      if (own) await own.act(this, words.slice(1))
      else await this.give(words)
    } catch (error) {
      if (error instanceof Gone) throw error
      if ((error as HoldfastError).code === 'SECRET_TYPED') this.history.forget()
      await page(this.terminal, error instanceof HoldfastError ? told(error) : `internal error: ${error}`)
    }
  }

  /**
   * What a line is no place for is asked for: secrets, since what is typed there stays on the screen, and texts of many lines.
   * @returns undefined: it was dropped
   */
  async #completed(command: Command, written: Written): Promise<Written | undefined> {
    const input = { ...written }
    for (const [key, { kind, required, fromFile, label }] of Object.entries(command.parameters)) {
      const given = input[key]
      if (fromFile && (given === '-' || (required && given === undefined))) {
        const text = await typedText(this.terminal, String(Object.values(input)[0] ?? label))
        if (text === undefined) return undefined
        input[key] = text
      } else if (fromFile && given !== undefined && !isJson(given)) {
        throw new HoldfastError('NO_FILE', `a console has no file ${given}`, {
          hint: `leave ${label} out, and paste it`,
        })
      } else if (kind === 'asked') {
        const secret = await newPassword(this.terminal)
        if (secret === undefined) return undefined
        input[key] = secret
      }
    }
    return input
  }
}
