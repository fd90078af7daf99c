// The gateway's own English, in the language of who reads it, as far as it is known: sentences, and what keys and commands are for.

import { type Sentences, translator } from './texts/translator.ts'
import { type Language, language } from './texts.ts'

const LOADERS: Partial<Record<Language, () => Promise<Sentences>>> = {
  de: async () => (await import('./texts/de-gateway.ts')).DE_GATEWAY,
}
const translate: Partial<Record<Language, (text: string) => string>> = {}

async function load(wanted: Language): Promise<void> {
  if (translate[wanted]) return
  const sentences = await LOADERS[wanted]?.()
  if (!sentences) return
  translate[wanted] = translator(sentences)
  if (language.value === wanted) language.value = wanted // all is drawn again
}
const loadIt = (wanted: Language): void => void load(wanted).catch(() => {}) // then it stays English
language.follow(loadIt)
loadIt(language.value)

export const said = (text: string): string => translate[language.value]?.(text) ?? text
