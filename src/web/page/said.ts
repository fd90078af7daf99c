// The gateway's own sentences, in the language of who reads them, as far as they are known.

import { DE_SAID } from './texts/de-said.ts'
import { type Language, language } from './texts.ts'

type Sentences = Readonly<Record<string, string>>

const SENTENCES: Partial<Record<Language, Sentences>> = { de: DE_SAID }

const patterns = new Map<Sentences, readonly (readonly [RegExp, string])[]>()

function patternsOf(sentences: Sentences) {
  const known = patterns.get(sentences)
  if (known) return known
  const made = Object.entries(sentences).map(([english, other]) => {
    const literal = english.replace(/[.*+?^$()[\]\\|]/g, '\\$&')
    return [new RegExp(`^${literal.replace(/\{(\w+)\}/g, '(?<$1>.+?)')}$`), other] as const
  })
  patterns.set(sentences, made)
  return made
}

/** Sentence by sentence. */
export function said(text: string): string {
  const sentences = SENTENCES[language.value]
  if (!sentences) return text
  const one = (english: string): string | undefined => {
    for (const [pattern, other] of patternsOf(sentences)) {
      const found = pattern.exec(english)
      if (found)
        return other.replace(/\{(\w+)\}/g, (_, name) => {
          const part = found.groups![name]!
          return one(part) ?? part
        })
    }
    return undefined
  }
  const line = (english: string): string =>
    english
      .split(/(?<=[.!?]) (?=\p{Lu})/u)
      .map((sentence) => one(sentence) ?? sentence)
      .join(' ')
  return text.split('\n').map(line).join('\n')
}
