// Text that may be longer than the terminal: a screenful at a time.

import { harmless, rowsOf, type Terminal } from './terminal.ts'

const MORE = '--more--'
const WIPE = `\r${' '.repeat(MORE.length)}\r`

/** Space shows the next screenful, Enter the next line, q or ^C nothing more. @throws Gone */
export async function page(terminal: Terminal, text: string): Promise<void> {
  const lines = harmless(text).replace(/\n$/, '').split('\n')
  if (!terminal.attended) return terminal.write(`${lines.join('\n')}\n`)
  let room = terminal.size.rows - 1
  for (const [i, line] of lines.entries()) {
    const { rows, columns } = terminal.size
    room -= rowsOf(line, columns)
    if (room < 0 && i > 0) {
      const wanted = await askMore(terminal)
      if (wanted === 'nothing') return
      room = (wanted === 'page' ? rows - 1 : 1) - rowsOf(line, columns)
    }
    await terminal.write(`${line}\n`)
  }
}

async function askMore(terminal: Terminal): Promise<'page' | 'line' | 'nothing'> {
  await terminal.write(MORE)
  for (;;) {
    const key = await terminal.singleKey()
    const wanted = 'name' in key ? BY_NAME[key.name] : 'text' in key ? BY_LETTER[key.text] : undefined
    if (!wanted) continue
    await terminal.write(WIPE)
    return wanted
  }
}

type Wanted = 'page' | 'line' | 'nothing'
const BY_NAME: Readonly<Record<string, Wanted>> = {
  ...{ enter: 'line', down: 'line', 'page-down': 'page', 'ctrl-c': 'nothing', 'ctrl-d': 'nothing', escape: 'nothing' },
}
const BY_LETTER: Readonly<Record<string, Wanted>> = {
  ...{ ' ': 'page', f: 'page', q: 'nothing', Q: 'nothing', j: 'line' },
}
