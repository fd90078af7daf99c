// JSON with positions: the standard parser can't say where in a hook's line something stands.

/** Every node knows where it begins and ends in the text (offsets from 0). */
export type JsonNode = JsonObject | JsonArray | JsonScalar

export interface JsonObject extends Span {
  readonly kind: 'object'
  readonly members: readonly JsonMember[]
}

export interface JsonArray extends Span {
  readonly kind: 'array'
  readonly items: readonly JsonNode[]
}

export interface JsonScalar extends Span {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
}

export interface JsonMember {
  readonly key: string
  readonly keyStart: number
  readonly value: JsonNode
}

interface Span {
  readonly start: number
  readonly end: number
}

export interface JsonFault {
  readonly offset: number
  readonly message: string
  readonly hint?: string
}

export function parseJson(text: string): { readonly node: JsonNode } | { readonly fault: JsonFault } {
  try {
    return { node: new Parser(text).whole() }
  } catch (error) {
    if (error instanceof Unexpected) return { fault: error.fault }
    throw error
  }
}

class Unexpected extends Error {
  readonly fault: JsonFault

  constructor(fault: JsonFault) {
    super(fault.message)
    this.fault = fault
  }
}

/** Deeper than any hook needs, and shallow enough for every stack. */
const MAX_DEPTH = 50
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y
const WORD = /[\w$-]+/y
const WORDS = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
])

class Parser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): JsonNode {
    const node = this.#value()
    this.#space()
    if (this.#at < this.#text.length) this.#expected('nothing behind the end of the value')
    return node
  }

  #value(): JsonNode {
    this.#space()
    const first = this.#text[this.#at]
    if (first !== '{' && first !== '[') return this.#scalar()
    if (++this.#depth > MAX_DEPTH) this.#expected(`at most ${MAX_DEPTH} levels of braces and brackets`)
    const node = first === '{' ? this.#object() : this.#array()
    this.#depth--
    return node
  }

  #object(): JsonObject {
    const start = this.#at++
    const members: JsonMember[] = []
    if (this.#take('}')) return { kind: 'object', start, end: this.#at, members }
    do {
      this.#space()
      const keyStart = this.#at
      if (this.#text[keyStart] !== '"') this.#expectedKey()
      const key = this.#string()
      if (!this.#take(':')) this.#expected("':' after the key")
      members.push({ key, keyStart, value: this.#value() })
    } while (this.#take(','))
    if (!this.#take('}')) this.#expected("',' or '}'")
    return { kind: 'object', start, end: this.#at, members }
  }

  #array(): JsonArray {
    const start = this.#at++
    const items: JsonNode[] = []
    if (this.#take(']')) return { kind: 'array', start, end: this.#at, items }
    do items.push(this.#value())
    while (this.#take(','))
    if (!this.#take(']')) this.#expected("',' or ']'")
    return { kind: 'array', start, end: this.#at, items }
  }

  #scalar(): JsonScalar {
    const start = this.#at
    if (this.#text[start] === '"') return { kind: 'scalar', value: this.#string(), start, end: this.#at }
    const number = this.#match(NUMBER)
    if (number !== undefined) {
      this.#at += number.length
      return { kind: 'scalar', value: Number(number), start, end: this.#at }
    }
    const word = WORDS.get(this.#match(WORD) ?? '')
    if (word === undefined) this.#expected('a value: a "text", a number, true, false, null, {…} or […]')
    this.#at += String(word).length
    return { kind: 'scalar', value: word, start, end: this.#at }
  }

  #string(): string {
    const start = this.#at
    for (let at = start + 1; at < this.#text.length; at++) {
      if (this.#text[at] === '\\') at++
      else if (this.#text[at] === '"') {
        this.#at = at + 1
        return this.#unescaped(start)
      }
    }
    throw new Unexpected({ offset: start, message: 'expected a closing double quote for the text that begins here' })
  }

  #unescaped(start: number): string {
    try {
      return JSON.parse(this.#text.slice(start, this.#at))
    } catch {
      const hint = 'JSON knows \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX; a tab is written \\t'
      throw new Unexpected({ offset: start, message: 'expected a text with valid escapes', hint })
    }
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #take(mark: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== mark) return false
    this.#at++
    return true
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#text)?.[0]
  }

  #expectedKey(): never {
    const word = this.#match(WORD)
    this.#expected('a double-quoted key', word === undefined ? undefined : `write "${word}"`)
  }

  #expected(what: string, hint?: string): never {
    const found = this.#match(WORD) ?? this.#text[this.#at]
    const message = `expected ${what}, not ${found === undefined ? 'the end of the line' : `'${found}'`}`
    throw new Unexpected({ offset: this.#at, message, ...(hint === undefined ? {} : { hint }) })
  }
}
