// Tab: the word is completed as far as it is certain; where it is not, what may stand there is shown.

import { type Candidate, completionOf, FLAGS } from '../gateway/commands.ts'
import type { LineEditor } from './line-editor.ts'
import { OWN_COMMANDS } from './own-commands.ts'
import type { Shell } from './shell.ts'
import { quoted, wordsOf } from './words.ts'

const MOST_SHOWN = 40

/** @returns what to show above the line */
export async function candidatesFor(editor: LineEditor, shell: Pick<Shell, 'complete'>): Promise<string> {
  const { words, lastAt } = wordsOf(editor.before)
  const found = await candidates(words, shell)
  if (found.length === 0) return ''
  const partial = words.at(-1)!
  const [first] = found
  const common = found.length === 1 ? `${quoted(first!.word)} ` : quotedSoFar(commonBeginning(found))
  const typed = editor.before.slice(lastAt)
  if (found.length > 1 && commonBeginning(found) === partial) return listed(found)
  if (common.startsWith(typed)) editor.insert(common.slice(typed.length))
  else editor.replaceBefore(editor.before.slice(0, lastAt) + common)
  return ''
}

async function candidates(words: readonly string[], shell: Pick<Shell, 'complete'>): Promise<readonly Candidate[]> {
  const own = OWN_COMMANDS.find(({ name }) => words.length > 1 && name === words[0])
  if (own?.stands) return await shell.complete([...own.stands, ...words.slice(1)])
  const gateway = await shell.complete(words)
  return [...gateway, ...completionOf(words, OWN_COMMANDS), ...completionOf(words, [], { face: FLAGS })]
}

function commonBeginning(found: readonly Candidate[]): string {
  return found.reduce((common, { word }) => {
    let same = 0
    while (same < common.length && common[same] === word[same]) same++
    return common.slice(0, same)
  }, found[0]!.word)
}

/** More of it is to come: a quote that it needs is not closed. */
const quotedSoFar = (word: string): string => (quoted(word) === word ? word : quoted(word).slice(0, -1))

function listed(found: readonly Candidate[]): string {
  const shown = found.slice(0, MOST_SHOWN)
  const width = Math.max(...shown.map(({ word }) => word.length))
  const lines = shown.map(({ word, doc }) => (doc === undefined ? `  ${word}` : `  ${word.padEnd(width)}  ${doc}`))
  const more = found.length > shown.length ? `  … ${found.length - shown.length} more\n` : ''
  return `${lines.join('\n')}\n${more}`
}
