// A whole text, typed or pasted, as long as it may be: line after line until ^D or a lone dot. Whoever sends it may know of no flow
// control, so reading never waits for the line: what can't be echoed at once is not.

import { createHash } from 'node:crypto'
import { HoldfastError } from '../model/errors.ts'
import type { KeyName } from './keys.ts'
import { charactersOf, widthOf } from './row.ts'
import { harmless, type Terminal } from './terminal.ts'

/** What a request over HTTP may have, too. */
const MOST_CHARACTERS = 4 * 2 ** 20

/** @returns undefined: ^C. @throws Gone; HoldfastError TOO_LONG */
export async function typedText(terminal: Terminal, what: string): Promise<string | undefined> {
  await terminal.print(`Paste or type ${what}.\nA line that is a lone dot, or ctrl-d, ends it; ctrl-c drops it.\n`)
  const text = new TypedText()
  let isWhole = true
  while (!text.end) {
    const key = await terminal.key()
    const echo = 'text' in key ? text.add(key.text) : 'name' in key ? text.press(key.name) : ''
    isWhole = terminal.offer(echo) && isWhole
  }
  await terminal.write(isWhole ? '' : '\n(not all of it was shown)\n')
  if (text.end === 'dropped') return undefined
  if (text.isTooLong) throw new HoldfastError('TOO_LONG', `${what} may have 4 MB; nothing is taken`)
  const { content } = text
  const bytes = Buffer.byteLength(content)
  const sum = createHash('sha256').update(content).digest('hex').slice(0, 16)
  const noise = text.noise === 0 ? '' : `; ${text.noise} that are no text, noise perhaps, are left out`
  await terminal.write(`${bytes} bytes, ${content.split('\n').length - 1} lines, sha256 ${sum}…${noise}\n`)
  return content
}

class TypedText {
  end: 'done' | 'dropped' | undefined
  /** Bytes that were none of a text. */
  noise = 0
  readonly #lines: string[] = []
  #length = 0
  #line = ''
  /** Marked as pasted: a lone dot is a line like others. */
  #marked = false

  get isTooLong(): boolean {
    return this.#length > MOST_CHARACTERS
  }

  get content(): string {
    return this.#lines.map((line) => `${line}\n`).join('')
  }

  /** @returns what to show of it */
  add(text: string): string {
    const [first = '', ...more] = text.split('\n')
    let echo = this.#append(first)
    for (const line of more) {
      this.#enter()
      echo += `\n${this.#append(line)}`
    }
    return echo
  }

  press(name: KeyName): string {
    switch (name) {
      case 'enter':
        this.#enter()
        return '\n'
      case 'tab':
        return this.#append('\t')
      case 'backspace':
        return this.#takeBack(1)
      case 'ctrl-u':
        return this.#takeBack(Number.POSITIVE_INFINITY)
      case 'ctrl-c':
        this.end = 'dropped'
        return '\n'
      case 'ctrl-d':
        if (this.#line !== '') this.#enter()
        this.end = 'done'
        return '\n'
      case 'noise':
        this.noise++
        return ''
      case 'paste-begin':
      case 'paste-end':
        this.#marked = name === 'paste-begin'
        return ''
      default:
        return ''
    }
  }

  #append(text: string): string {
    this.#length += text.length
    if (!this.isTooLong) this.#line += text
    return harmless(text)
  }

  #enter(): void {
    if (this.#line === '.' && !this.#marked) this.end = 'done'
    else this.#lines.push(this.#line)
    this.#length++
    this.#line = ''
  }

  #takeBack(most: number): string {
    const cells = charactersOf(this.#line)
    const kept = cells.slice(0, Math.max(0, cells.length - most))
    const gone = harmless(cells.slice(kept.length).join(''))
    this.#line = kept.join('')
    return '\b \b'.repeat(widthOf(gone))
  }
}
