// What a person is asked at a terminal: a line with editing, a word that is not shown, yes or no.

import type { HoldfastError } from '../model/errors.ts'
import type { History } from './history.ts'
import { LineEditor } from './line-editor.ts'
import { harmless, type Terminal } from './terminal.ts'

export interface Question {
  readonly prompt: string
  /** What is typed is not shown. */
  readonly hidden?: boolean
  readonly history?: History
  /** For Tab: may change the line. @returns what to show above it, '' for nothing */
  complete?(editor: LineEditor): Promise<string>
}

export type Answer =
  | { readonly line: string }
  /** Several lines at once. */
  | { readonly pasted: string }
  /** ^C */
  | 'interrupt'
  /** ^D on an empty line. */
  | 'end'

/** @throws Gone */
export async function ask(terminal: Terminal, question: Question): Promise<Answer> {
  const editor = new LineEditor({ columns: terminal.size.columns, ...question })
  await terminal.write(BRACKETED_PASTE.on + editor.paint())
  const answer = await answerOf(terminal, editor, question)
  await terminal.write(`${editor.atEnd()}${BRACKETED_PASTE.off}\n`)
  return answer
}

async function answerOf(terminal: Terminal, editor: LineEditor, { complete }: Question): Promise<Answer> {
  for (;;) {
    const outcome = editor.press(await terminal.key())
    if (outcome === 'bell') await terminal.write(BELL + editor.paint())
    else if (outcome === 'redraw') await terminal.write(CLEAR_SCREEN + editor.repaint())
    else if (outcome === 'complete') {
      const above = (await complete?.(editor)) ?? ''
      await terminal.write(above === '' ? editor.paint() : `\n${harmless(above)}${editor.repaint()}`)
    } else if (outcome !== undefined) return outcome
    else if (!terminal.hasKey) await terminal.write(editor.paint())
  }
}

/** The line that was typed; '' where ^C or ^D was. @throws Gone */
export async function askLine(terminal: Terminal, prompt: string, hidden = false): Promise<string> {
  const answer = await ask(terminal, { prompt, hidden })
  return typeof answer === 'object' && 'line' in answer ? answer.line : ''
}

/** @throws Gone */
export async function agreed(terminal: Terminal, what: string): Promise<boolean> {
  await terminal.print(`${what}\n`)
  return /^(y|yes|j|ja)$/i.test((await askLine(terminal, 'Go on? [y/N] ')).trim())
}

/** What is wrong, and what to do. */
export const told = ({ message, hint }: HoldfastError): string =>
  `${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`

/** The terminal marks what is pasted, where it knows how. */
const BRACKETED_PASTE = { on: '\x1b[?2004h', off: '\x1b[?2004l' }
const CLEAR_SCREEN = '\x1b[H\x1b[2J'
const BELL = '\x07'
