// Folders of the build, and what it says.

import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')
export const DIST = join(ROOT, 'dist')
/** What a build leaves for the next one. */
export const CACHE = join(ROOT, '.cache/build')

export const ARCHITECTURES = ['x64', 'arm64'] as const
/** As Node names it. */
export type Architecture = (typeof ARCHITECTURES)[number]

/** Those that the words name; all when there are none. Ends the program when one makes no sense. */
export function asked(words: readonly string[]): readonly Architecture[] {
  const unknown = words.filter((word) => !(ARCHITECTURES as readonly string[]).includes(word))
  if (unknown.length > 0) {
    process.stderr.write(`there is no architecture ${unknown.join(', ')}; there are: ${ARCHITECTURES.join(', ')}\n`)
    process.exit(2)
  }
  return ARCHITECTURES.filter((one) => words.length === 0 || words.includes(one))
}

// biome-ignore lint/suspicious/noExplicitAny: package.json and package-lock.json, whose shapes npm knows
export const readJson = (name: string): any => JSON.parse(readFileSync(join(ROOT, name), 'utf8'))

/** One line on a terminal, overwritten by the next; lines that stay elsewhere. */
export function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `build: ${text}\n`)
}

/** What was said last stays. */
export function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\n')
}

/** Names of the files in a folder and in those in it, sorted. */
export function filesIn(folder: string): string[] {
  return globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

/** Names of the files in a folder of the clone, without what a gateway has left there. */
export function tracked(folder: string): string[] {
  return execFileSync('git', ['ls-files', folder], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
}
