// Where in the page one is: the part of the address behind #.

import { cell } from './cell.ts'

/** `#/clients/dev1` is `['clients', 'dev1']`. */
const here = (): string[] => location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent)

export const place = cell<readonly string[]>(here())
addEventListener('hashchange', () => {
  place.value = here()
})

export const linkTo = (...words: string[]): string => `#/${words.map(encodeURIComponent).join('/')}`
