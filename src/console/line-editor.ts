// One line that a person types and edits: keys in, bytes for the terminal out. A line wider than the terminal scrolls
// within its row, so that no terminal's way of wrapping matters.

import type { History } from './history.ts'
import type { Key, KeyName } from './keys.ts'
import { charactersOf, Row, widthOf } from './row.ts'

/** What a key brought about, beside a change of the line. */
export type Outcome =
  | { readonly line: string }
  /** Several lines, pasted at once. */
  | { readonly pasted: string }
  | 'interrupt'
  | 'end'
  | 'complete'
  | 'redraw'
  /** It can't be done. */
  | 'bell'

export interface EditorOptions {
  readonly prompt: string
  /** Of the terminal. */
  readonly columns: number
  readonly history?: History
  /** What is typed is not shown. */
  readonly hidden?: boolean
}

const MOST_CHARACTERS = 4096
const MOST_PASTED = 65_536
const BEGINNING_OF_WORD = /\S+\s*$/
const END_OF_WORD = /^\s*\S+/

export class LineEditor {
  readonly #prompt: readonly string[]
  readonly #columns: number
  readonly #history: History | undefined
  readonly #hidden: boolean
  readonly #row = new Row()
  #before: string[] = []
  #after: string[] = []
  #scrolled = 0
  #cut = ''
  /** Something came that nobody has typed. */
  #isNoisy = false
  /** What has come of a paste that is not over. */
  #pasted: string | undefined

  readonly #edits: Partial<Record<KeyName, () => void>> = {
    left: () => this.#left(1),
    'ctrl-b': () => this.#left(1),
    right: () => this.#right(1),
    'ctrl-f': () => this.#right(1),
    home: () => this.#left(this.#before.length),
    'ctrl-a': () => this.#left(this.#before.length),
    end: () => this.#right(this.#after.length),
    'ctrl-e': () => this.#right(this.#after.length),
    'word-left': () => this.#left(lengthOf(BEGINNING_OF_WORD, this.before)),
    'word-right': () => this.#right(lengthOf(END_OF_WORD, this.#after.join(''))),
    backspace: () => this.#before.pop(),
    delete: () => this.#after.shift(),
    'ctrl-d': () => this.#after.shift(),
    'ctrl-u': () => this.#cutBefore(this.#before.length),
    'ctrl-w': () => this.#cutBefore(lengthOf(BEGINNING_OF_WORD, this.before)),
    'delete-word-left': () => this.#cutBefore(lengthOf(BEGINNING_OF_WORD, this.before)),
    'ctrl-k': () => this.#cutAfter(this.#after.length),
    'delete-word-right': () => this.#cutAfter(lengthOf(END_OF_WORD, this.#after.join(''))),
    'ctrl-y': () => this.insert(this.#cut),
    up: () => this.#recall(this.#history?.earlier(this.text)),
    'ctrl-p': () => this.#recall(this.#history?.earlier(this.text)),
    down: () => this.#recall(this.#history?.later()),
    'ctrl-n': () => this.#recall(this.#history?.later()),
  }

  constructor({ prompt, columns, history, hidden = false }: EditorOptions) {
    this.#columns = Math.max(20, columns)
    this.#prompt = charactersOf(prompt).slice(-Math.floor(this.#columns / 2))
    this.#history = history
    this.#hidden = hidden
  }

  get before(): string {
    return this.#before.join('')
  }

  get text(): string {
    return this.before + this.#after.join('')
  }

  press(key: Key): Outcome | undefined {
    if ('text' in key) return this.insert(key.text)
    return 'name' in key ? this.#named(key.name) : undefined
  }

  /** What is longer than a line may be is left out as a whole. */
  insert(text: string): Outcome | undefined {
    if (this.#pasted !== undefined) {
      if (this.#pasted.length < MOST_PASTED) this.#pasted += text
      return undefined
    }
    if (this.text.length + text.length > MOST_CHARACTERS) return 'bell'
    // what was typed may combine with what stands before it
    this.#before.push(...charactersOf((this.#before.pop() ?? '') + text))
    return undefined
  }

  /** Other text in front of the cursor. */
  replaceBefore(text: string): void {
    this.#before = charactersOf(text)
  }

  /** The bytes that bring the terminal's row up to date. */
  paint(): string {
    if (this.#hidden) return this.#row.paint(this.#prompt)
    const room = this.#columns - 1 - widthOf(this.#prompt.join(''))
    const cells = [...this.#before, ...this.#after].map((cell) => (widthOf(cell) > 0 ? cell : `◌${cell}`))
    const cursor = this.#before.length
    const width = (from: number, to: number): number => widthOf(cells.slice(from, to).join(''))
    if (cursor < this.#scrolled || width(this.#scrolled, cursor) > room) {
      // half a row at once, so that not every key repaints all of it
      this.#scrolled = cursor
      while (this.#scrolled > 0 && width(this.#scrolled - 1, cursor) <= room / 2) this.#scrolled--
    }
    let end = cursor
    while (end < cells.length && width(this.#scrolled, end + 1) <= room) end++
    const shown = cells.slice(this.#scrolled, end)
    return this.#row.paint([...this.#prompt, ...shown], this.#prompt.length + cursor - this.#scrolled)
  }

  /** The same, where the terminal's cursor is at the beginning of an empty row. */
  repaint(): string {
    this.#row.reset()
    return this.paint()
  }

  /** The bytes that bring the cursor behind the line. */
  atEnd(): string {
    this.#right(this.#after.length)
    return this.paint()
  }

  #named(name: KeyName): Outcome | undefined {
    if (name === 'paste-begin') this.#pasted = ''
    else if (name === 'paste-end') return this.#endPaste()
    else if (this.#pasted !== undefined) this.#isNoisy ||= name === 'noise'
    else if (name === 'enter') return this.#enter()
    else if (name === 'noise') this.#isNoisy = true
    else if (name === 'tab') return 'complete'
    else if (name === 'ctrl-c') return 'interrupt'
    else if (name === 'ctrl-l') return 'redraw'
    else if (name === 'ctrl-d' && this.text === '') return 'end'
    else this.#edits[name]?.()
    return undefined
  }

  /** What noise may have changed is not taken before it was looked at: with a second Enter. */
  #enter(): Outcome {
    if (!this.#isNoisy) return { line: this.text }
    this.#isNoisy = false
    return 'bell'
  }

  #endPaste(): Outcome | undefined {
    const pasted = this.#pasted
    this.#pasted = undefined
    if (pasted === undefined) return undefined
    const one = pasted.replace(/\n$/, '').replaceAll('\t', ' ')
    return one.includes('\n') ? { pasted } : this.insert(one)
  }

  #left(count: number): void {
    if (count > 0) this.#after.unshift(...this.#before.splice(-count))
  }

  #right(count: number): void {
    this.#before.push(...this.#after.splice(0, count))
  }

  #cutBefore(count: number): void {
    if (count > 0) this.#cut = this.#before.splice(-count).join('')
  }

  #cutAfter(count: number): void {
    if (count > 0) this.#cut = this.#after.splice(0, count).join('')
  }

  #recall(line: string | undefined): void {
    if (line === undefined) return
    this.#before = charactersOf(line)
    this.#after = []
  }
}

/** Characters of the word at one end, with the spaces beside it; all of them where there is no word. */
const lengthOf = (word: RegExp, text: string): number => charactersOf(word.exec(text)?.[0] ?? text).length
