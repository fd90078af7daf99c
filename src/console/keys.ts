// Bytes of a terminal → keys. What terminals send for one key differs (VT100, xterm, rxvt, Linux, PuTTY, screen); all of
// theirs are taken. Bytes that are no key of any are noise, told as such; nothing that is held back grows without bound.

import { StringDecoder } from 'node:string_decoder'

export type KeyName =
  | 'enter'
  | 'tab'
  | 'backtab'
  | 'backspace'
  | 'delete'
  | 'insert'
  | 'escape'
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'home'
  | 'end'
  | 'page-up'
  | 'page-down'
  | 'word-left'
  | 'word-right'
  | 'delete-word-left'
  | 'delete-word-right'
  | 'paste-begin'
  | 'paste-end'
  | 'noise'
  | `ctrl-${string}`

export type Key =
  | { readonly name: KeyName }
  /** Printable characters, one or more; between paste-begin and paste-end also `\n` and `\t`. */
  | { readonly text: string }
  /** The terminal's answer to where its cursor is, counted from 1. */
  | { readonly row: number; readonly column: number }

const FINAL: Readonly<Record<string, KeyName>> = {
  ...{ A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end', Z: 'backtab', M: 'enter', I: 'tab' },
}
/** `ESC [ n ~` */
const NUMBERED: Readonly<Record<number, KeyName>> = {
  ...{ 1: 'home', 2: 'insert', 3: 'delete', 4: 'end', 5: 'page-up', 6: 'page-down', 7: 'home', 8: 'end' },
  ...{ 200: 'paste-begin', 201: 'paste-end' },
}
/** ESC and a character: Alt. */
const ALT: Readonly<Record<string, KeyName>> = {
  ...{ b: 'word-left', f: 'word-right', d: 'delete-word-right', '\x7f': 'delete-word-left', '\b': 'delete-word-left' },
}
/** Without them arrows with Ctrl or Alt (`ESC [ 1 ; 5 C`) are arrows. */
const WITH_MODIFIER: Partial<Record<KeyName, KeyName>> = {
  left: 'word-left',
  right: 'word-right',
  delete: 'delete-word-right',
}

/** No terminal's sequence is longer. */
const LONGEST_SEQUENCE = 24
const ESC = '\x1b'
/** Of a break on the line, and what fills it otherwise. */
const NUL = '\0'
/** An escape sequence, whole or begun: CSI, SS3, Linux' `ESC [ [ A` for F1. */
const SEQUENCE = /^\x1b(?:\[(?:\[[A-E]?|[0-?]*[ -/]*[@-~]?)|O[0-9;]*[@-~]?)/

export class Keys {
  readonly #decoder = new StringDecoder('utf8')
  /** A sequence that has begun. */
  #held = ''
  #pasting = false
  #afterReturn = false

  /** Is something begun that only more bytes, or `settle` after a while, make a key of? */
  get unsettled(): boolean {
    return this.#held !== '' || this.#pasting
  }

  get pasting(): boolean {
    return this.#pasting
  }

  /** @returns the keys that are whole by now, in their order */
  read(bytes: Buffer): Key[] {
    const keys: Key[] = []
    let rest = this.#held + this.#decoder.write(bytes)
    this.#held = ''
    while (rest !== '') {
      const length = this.#one(rest, keys)
      if (length === 0) {
        this.#held = rest
        break
      }
      rest = rest.slice(length)
    }
    return keys
  }

  /** No more bytes came for a while: a lone ESC was the key, a paste whose end got lost is over. */
  settle(): Key[] {
    const keys: Key[] = []
    if (this.#held === ESC) keys.push({ name: 'escape' })
    if (this.#pasting) keys.push({ name: 'paste-end' })
    this.#held = ''
    this.#pasting = false
    return keys
  }

  /** @returns how many characters the first key took, 0: it is not whole yet */
  #one(rest: string, keys: Key[]): number {
    if (rest[0] === ESC) return this.#sequence(rest, keys)
    const [printable] = /^[^\x00-\x1f\x7f-\x9f\ufffd]+/.exec(rest) ?? []
    if (printable !== undefined) {
      this.#afterReturn = false
      keys.push({ text: printable })
      return printable.length
    }
    this.#control(rest[0]!, keys)
    return 1
  }

  #control(char: string, keys: Key[]): void {
    const newlineOfReturn = char === '\n' && this.#afterReturn
    this.#afterReturn = char === '\r'
    if (newlineOfReturn) return
    if (this.#pasting && /[\r\n\t]/.test(char)) keys.push({ text: char === '\t' ? char : '\n' })
    else if (char === '\r' || char === '\n') keys.push({ name: 'enter' })
    else if (char === '\t') keys.push({ name: 'tab' })
    else if (char === '\b' || char === '\x7f') keys.push({ name: 'backspace' })
    else if (char >= '\x01' && char <= '\x1a') this.#letter(char, keys)
    else if (char !== NUL) keys.push({ name: 'noise' })
  }

  /** ^A to ^Z. ^C and ^D end a paste whose end got lost. */
  #letter(char: string, keys: Key[]): void {
    if (this.#pasting && (char === '\x03' || char === '\x04')) this.#end(keys)
    keys.push({ name: `ctrl-${String.fromCharCode(char.charCodeAt(0) + 0x60)}` })
  }

  #end(keys: Key[]): void {
    this.#pasting = false
    keys.push({ name: 'paste-end' })
  }

  #sequence(rest: string, keys: Key[]): number {
    if (rest.length === 1) return 0
    this.#afterReturn = false
    const [sequence] = SEQUENCE.exec(rest) ?? []
    if (sequence === undefined) {
      if (rest[1] === ESC) return 1 // the first one stands for itself
      const name = ALT[rest[1]!]
      if (name && !this.#pasting) keys.push({ name })
      return name ? 2 : 1
    }
    const whole = /[@-Z\\-~]$/.test(sequence.slice(2))
    if (!whole && sequence.length < LONGEST_SEQUENCE) return sequence.length === rest.length ? 0 : sequence.length
    if (whole) this.#meaning(sequence, keys)
    return sequence.length
  }

  #meaning(sequence: string, keys: Key[]): void {
    const final = sequence.at(-1)!
    const numbers = sequence.slice(2, -1).split(';').map(Number)
    const [first = 0, second = 0] = numbers
    if (final === 'R' && first > 0 && second > 0) {
      keys.push({ row: first, column: second })
      return
    }
    const name = final === '~' ? NUMBERED[first] : sequence.startsWith('\x1b[[') ? undefined : FINAL[final]
    if (name === 'paste-begin') this.#pasting = true
    else if (name === 'paste-end') {
      if (this.#pasting) this.#end(keys)
      return
    } else if (this.#pasting) return
    if (name) keys.push({ name: (second > 1 && WITH_MODIFIER[name]) || name })
  }
}
