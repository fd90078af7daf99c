// Somebody's terminal: keys in, text out, both bounded. Nothing is written before what was written is on its way, so a
// reader that never reads holds up itself; what is typed ahead is held up in the line. It ends with the line, or when no
// key came for too long.

import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { type Key, Keys } from './keys.ts'
import { widthOf } from './row.ts'

/** Bytes in, bytes out. */
export interface Line {
  readonly input: Readable
  readonly output: Writable
  /** Where the system knows it; else the terminal itself is asked. */
  readonly size?: () => Size | undefined
  /** Does a person sit there, whom one may ask for a key? */
  readonly attended: boolean
}

export interface Size {
  readonly rows: number
  readonly columns: number
}

/** The line ended, or nobody was there. */
export class Gone extends Error {
  readonly why: 'line' | 'idle'

  constructor(why: 'line' | 'idle') {
    super(why === 'line' ? 'the line ended' : 'no key came for too long')
    this.why = why
  }
}

const USUAL: Size = { rows: 24, columns: 80 }
/** Typed ahead, characters. */
const MOST_AHEAD = 16_384
/** After so long what a terminal has begun is not the beginning of a key. */
const SETTLE_MS = 100
const PASTE_LOST_MS = 3000
const ANSWER_MS = 1000
/** Written at a time. */
const CHUNK = 4096

export class Terminal {
  readonly #line: Line
  readonly #keys = new Keys()
  readonly #ahead: Key[] = []
  #aheadLength = 0
  #size: Size = USUAL
  #sized: ((size: Size) => void) | undefined
  /** No more keys will come, while what is written may still be read. */
  #ended = false
  /** Its signal is aborted with `Gone`. */
  #here = new AbortController()
  #idleMs = Number.POSITIVE_INFINITY
  #idle: NodeJS.Timeout | undefined
  #settling: NodeJS.Timeout | undefined
  #pressed = Promise.withResolvers<void>()

  constructor(line: Line) {
    this.#line = line
    const { input, output } = line
    const dropped = (): void => this.#leave('line')
    input.on('data', this.#read)
    input.on('end', () => this.#end())
    input.on('close', () => (input.readableEnded ? this.#end() : dropped()))
    for (const stream of [input, output]) stream.on('error', dropped)
    output.on('close', dropped)
  }

  readonly #read = (bytes: Buffer): void => {
    this.#restartIdle()
    this.#take(this.#keys.read(bytes))
  }

  get size(): Size {
    return this.#line.size?.() ?? this.#size
  }

  get attended(): boolean {
    return this.#line.attended
  }

  /** Would something written now have to wait? */
  get busy(): boolean {
    return this.#line.output.writableNeedDrain
  }

  get hasKey(): boolean {
    return this.#ahead.length > 0
  }

  /** From now on it is gone when no key comes for so long. Whoever was gone by that may be back. */
  stay(idleMs: number): void {
    if ((this.#here.signal.reason as Gone | undefined)?.why === 'idle') this.#here = new AbortController()
    this.#idleMs = idleMs
    this.#restartIdle()
  }

  /** The next key. @throws Gone */
  async key(): Promise<Key> {
    await this.pressed()
    this.#here.signal.throwIfAborted()
    const key = this.#ahead.shift()
    if (!key) throw new Gone('line')
    this.#aheadLength -= lengthOf(key)
    if (this.#aheadLength < MOST_AHEAD / 2) this.#line.input.resume()
    return key
  }

  /** The next key; of text its first character alone. @throws Gone */
  async singleKey(): Promise<Key> {
    const key = await this.key()
    if (!('text' in key)) return key
    const [first = '', ...rest] = key.text
    if (rest.length > 0) {
      this.#ahead.unshift({ text: rest.join('') })
      this.#aheadLength += key.text.length - first.length
    }
    return { text: first }
  }

  /** Until there is a key to be had, or never will be. */
  async pressed(): Promise<void> {
    while (!this.hasKey && !this.#ended && !this.#here.signal.aborted) await this.#pressed.promise
  }

  /** Text as it is, with `\n` as the end of a line. @throws Gone */
  async write(text: string): Promise<void> {
    const bytes = text.replace(/\r?\n/g, '\r\n')
    for (let from = 0; from < bytes.length; from += CHUNK) {
      await this.#drained()
      this.#line.output.write(bytes.slice(from, from + CHUNK))
    }
    await this.#drained()
  }

  /** Writes it if it need not wait. @returns whether */
  offer(text: string): boolean {
    if (this.busy || this.#here.signal.aborted) return false
    this.#line.output.write(text.replaceAll('\n', '\r\n'))
    return true
  }

  /** Text from elsewhere: what would do something to a terminal is shown instead. @throws Gone */
  print(text: string): Promise<void> {
    return this.write(harmless(text))
  }

  /** Asks the terminal how large it is. @returns whether that is known. @throws Gone */
  async askSize(): Promise<boolean> {
    if (this.#line.size?.()) return true
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#sized = (size) => {
      this.#size = size
      resolve(true)
    }
    // as far down and right as it goes, then: where is the cursor?
    await this.write('\x1b7\x1b[999;999H\x1b[6n\x1b8')
    const timer = setTimeout(() => resolve(false), ANSWER_MS)
    const known = await promise
    clearTimeout(timer)
    this.#sized = undefined
    return known
  }

  /** Forgets what was typed ahead. */
  forget(): void {
    this.#ahead.length = 0
    this.#aheadLength = 0
    this.#line.input.resume()
  }

  close(): void {
    this.#line.input.off('data', this.#read)
    this.#leave('line')
    clearTimeout(this.#idle)
    clearTimeout(this.#settling)
  }

  #take(keys: readonly Key[]): void {
    clearTimeout(this.#settling)
    if (this.#keys.unsettled) {
      const wait = this.#keys.pasting ? PASTE_LOST_MS : SETTLE_MS
      this.#settling = setTimeout(() => this.#take(this.#keys.settle()), wait)
    }
    for (const key of keys) {
      if ('row' in key) {
        this.#sized?.(sizeOf(key.row, key.column))
        continue
      }
      this.#ahead.push(key)
      this.#aheadLength += lengthOf(key)
    }
    if (this.#aheadLength > MOST_AHEAD) this.#line.input.pause()
    if (this.hasKey) this.#tell()
  }

  #tell(): void {
    this.#pressed.resolve()
    this.#pressed = Promise.withResolvers()
  }

  #end(): void {
    this.#ended = true
    this.#tell()
  }

  #leave(why: 'line' | 'idle'): void {
    if (why === 'line' && this.#here.signal.aborted) this.#here = new AbortController()
    this.#here.abort(new Gone(why))
    this.forget()
    this.#tell()
  }

  /** Until what was written is on its way. */
  async #drained(): Promise<void> {
    const { signal } = this.#here
    signal.throwIfAborted()
    if (!this.busy) return
    try {
      await once(this.#line.output, 'drain', { signal })
    } catch {
      throw signal.reason
    }
  }

  #restartIdle(): void {
    clearTimeout(this.#idle)
    if (this.#idleMs < 2 ** 31) this.#idle = setTimeout(() => this.#leave('idle'), this.#idleMs)
  }
}

const lengthOf = (key: Key): number => ('text' in key ? key.text.length : 1)

/** @returns what a terminal may really be */
function sizeOf(rows: number, columns: number): Size {
  return { rows: Math.min(Math.max(rows, 5), 500), columns: Math.min(Math.max(columns, 20), 1000) }
}

/** Control characters, and those that turn the direction of writing, as escapes. */
export function harmless(text: string): string {
  return text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, (char) => {
    if (char === '\t') return '    '
    return char === '\r' ? '' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** Rows that a line of text takes. */
export const rowsOf = (line: string, columns: number): number => Math.max(1, Math.ceil(widthOf(line) / columns))
