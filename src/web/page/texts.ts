// The page's texts, in the language of who reads them.

import { cell } from './cell.ts'
import { de } from './texts/de.ts'
import { en } from './texts/en.ts'

export type Texts = Readonly<Record<keyof typeof en, string>>
export type TextKey = keyof typeof en
export const LANGUAGES = { en, de } as const satisfies Record<string, Texts>
export type Language = keyof typeof LANGUAGES

const kept = (): string | null => {
  try {
    return localStorage.getItem('language')
  } catch {
    return null // storage is forbidden
  }
}
const isLanguage = (word: string | undefined | null): word is Language => word === 'en' || word === 'de'
const wished = [kept(), ...navigator.languages.map((one) => one.slice(0, 2))]

export const language = cell<Language>(wished.find(isLanguage) ?? 'en')
const show = (): void => {
  document.documentElement.lang = language.value
}
language.follow(show)
show()

export function speak(next: Language): void {
  try {
    localStorage.setItem('language', next)
  } catch {} // then it is so until the page is closed
  language.value = next
}

/** @param values in the place of `{name}` */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return LANGUAGES[language.value][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? `{${name}}`))
}
