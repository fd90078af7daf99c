// English sentences with {names} in the place of what differs, each with its like in another language.

/** English → the other language. `{word}` is one word, `{words}` are some by comma, `{maybe}` may be nothing, any other {name} is whatever stands there. */
export type Sentences = Readonly<Record<string, string>>

const WORD = "[^\\s,:']+"
const SHAPES: Readonly<Record<string, string>> = { word: WORD, words: `${WORD}(?:, ${WORD})*`, maybe: '.*?' }
const PLACE = /\{(\w+)\}/g
/** Between two sentences of a line. */
const BETWEEN = /(?<=[.!?]) (?=\p{Lu})/u

interface Pattern {
  readonly pattern: RegExp
  /** Characters that are given: the more, the more is known. */
  readonly given: number
  readonly other: string
}

function patternOf([english, other]: readonly [string, string]): Pattern {
  const literal = english.replace(/[.*+?^$()[\]\\|]/g, '\\$&')
  const pattern = new RegExp(`^${literal.replace(PLACE, (_, name) => `(?<${name}>${SHAPES[name] ?? '.+?'})`)}$`)
  return { pattern, given: english.replace(PLACE, '').length, other }
}

/**
 * @param unknown of a sentence or a part that is not known
 * @returns a text in the other language: as a whole where that is known, or sentence by sentence
 */
export function translator(sentences: Sentences, unknown = (english: string) => english): (text: string) => string {
  const patterns = Object.entries(sentences)
    .filter(([english]) => english.includes('{'))
    .map(patternOf)
    .sort((a, b) => b.given - a.given)
  const known = (english: string): string | undefined =>
    Object.hasOwn(sentences, english) ? sentences[english] : undefined
  const one = (english: string): string => {
    const whole = known(english)
    if (whole !== undefined) return whole
    for (const { pattern, other } of patterns) {
      const found = pattern.exec(english)
      if (found) return other.replace(PLACE, (_, name) => one(found.groups![name]!))
    }
    return unknown(english)
  }
  return (text) =>
    known(text.replaceAll('\n', ' ')) ??
    text
      .split('\n')
      .map((line) => line.split(BETWEEN).map(one).join(' '))
      .join('\n')
}
