// The answer of a command, again and again in one place, until a key is pressed. Only what changed is sent.

import { charactersOf, Row, widthOf } from './row.ts'
import { harmless, type Terminal } from './terminal.ts'

const ENDS = 'any key ends this'

/** @param frame what to show, asked for anew each time. @throws Gone; what `frame` throws */
export async function watch(terminal: Terminal, everyMs: number, frame: () => Promise<string>): Promise<void> {
  const rows: Row[] = []
  await terminal.write('\x1b[H\x1b[2J')
  do {
    const lines = clipped(`${harmless(await frame())}\n${ENDS}`, terminal.size)
    let output = ''
    while (rows.length < lines.length) rows.push(new Row())
    for (const [n, row] of rows.entries()) output += row.paintFrom(`\x1b[${n + 1};1H`, lines[n] ?? [])
    await terminal.write(output)
    await Promise.race([terminal.pressed(), pause(everyMs)])
  } while (!terminal.hasKey)
  await terminal.singleKey()
  await terminal.write(`\x1b[${rows.length + 1};1H`)
}

/** As cells; the last line always has a place. */
function clipped(text: string, { rows, columns }: { rows: number; columns: number }): string[][] {
  const lines = text.split('\n').filter((line) => line !== '')
  const most = rows - 1
  const fitting = lines.length <= most ? lines : [...lines.slice(0, most - 1), `… ${ENDS}`]
  return fitting.map((line) => {
    const cells: string[] = []
    let room = columns - 1
    for (const cell of charactersOf(line)) {
      room -= widthOf(cell)
      if (room < 0) break
      cells.push(cell)
    }
    return cells
  })
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
