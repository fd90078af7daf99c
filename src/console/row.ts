// One row of a terminal, repainted with as few bytes as it takes: the line may be slow.

import stringWidth from 'string-width'

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** What a person sees as one character; no control characters. */
export function charactersOf(text: string): string[] {
  return [...graphemes.segment(text)].map(({ segment }) => segment)
}

/** Columns that it takes on a terminal. */
export const widthOf = (text: string): number => (/^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text))

const total = (cells: readonly string[]): number => cells.reduce((sum, cell) => sum + widthOf(cell), 0)

export class Row {
  #cells: readonly string[] = []
  #column = 0

  /** The bytes that make the row show `cells`, with the cursor in front of cell `cursor`. */
  paint(cells: readonly string[], cursor = cells.length): string {
    let same = 0
    while (same < cells.length && cells[same] === this.#cells[same]) same++
    const before = this.#cells
    const changed = same < Math.max(cells.length, before.length)
    const output = changed ? this.#move(total(before.slice(0, same))) + this.#write(cells.slice(same)) : ''
    const clear = changed && total(cells) < total(before) ? '\x1b[K' : ''
    this.#cells = cells
    return output + clear + this.#move(total(cells.slice(0, cursor)))
  }

  /** The same where the cursor is elsewhere: `toBegin` brings it to the row's beginning. '' if nothing changed. */
  paintFrom(toBegin: string, cells: readonly string[]): string {
    this.#column = 0
    const same = cells.length === this.#cells.length && cells.every((cell, i) => cell === this.#cells[i])
    return same ? '' : toBegin + this.paint(cells)
  }

  /** The terminal's cursor is at the beginning of an empty row. */
  reset(): void {
    this.#cells = []
    this.#column = 0
  }

  #write(cells: readonly string[]): string {
    this.#column += total(cells)
    return cells.join('')
  }

  #move(column: number): string {
    const by = column - this.#column
    this.#column = column
    if (by === 0) return ''
    if (by > 0) return `\x1b[${by}C`
    if (column === 0) return '\r'
    return by > -4 ? '\b'.repeat(-by) : `\x1b[${-by}D`
  }
}
