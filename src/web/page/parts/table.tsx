// biome-ignore-all lint/a11y/useSemanticElements: rows that are not in sight are not there, as no table element has it
// biome-ignore-all lint/a11y/useFocusableInteractive: nothing in it but its buttons does anything
// Rows of one height, of which only those in sight are in the document: ten thousand scroll as ten do. Arrows, Page Up, Page Down,
// Home and End go from row to row.

import type { ComponentChildren } from 'preact'
import { useEffect, useId, useMemo, useState } from 'preact/hooks'
import { number } from '../format.ts'
import { language, t } from '../texts.ts'
import { ROW_PX, useRows } from './rows.ts'

export interface Column<T> {
  /** '' where the cells speak for themselves. */
  readonly title: string
  readonly cell: (row: T) => ComponentChildren
  /** What the filter looks at, and what is read when the cell is cut off. */
  readonly text?: (row: T) => string
  /** CSS, of a grid; `1fr` without. */
  readonly width?: string
  /** Not on a phone. */
  readonly wide?: true
}

interface TableProps<T> {
  readonly label: string
  readonly rows: readonly T[]
  readonly columns: readonly Column<T>[]
  readonly keyOf: (row: T) => string
  readonly filter?: boolean
  /** In place of the table when there are no rows at all. */
  readonly empty: ComponentChildren
}

const NARROW = matchMedia('(width < 48rem)')

export function Table<T>({ label, rows, columns, keyOf, filter, empty }: TableProps<T>) {
  const [wanted, setWanted] = useState('')
  const isNarrow = useNarrow()
  const found = useMemo(() => withText(rows, columns, wanted), [rows, wanted, language.value])
  const { box, first, end, look, pressed } = useRows(found.length)
  if (rows.length === 0) return <>{empty}</>
  const shown = columns.filter(({ wide }) => !(wide && isNarrow))
  const grid = { gridTemplateColumns: shown.map(({ width = 'minmax(0, 1fr)' }) => width).join(' ') }
  return (
    <>
      {filter && <Filter value={wanted} change={setWanted} found={found.length} all={rows.length} />}
      <div
        {...{ class: 'table', role: 'table', 'aria-label': label, 'aria-rowcount': found.length + 1, tabIndex: 0 }}
        {...{ ref: box, onScroll: look, onKeyDown: pressed }}
      >
        <div class="tr th" role="row" style={grid}>
          {shown.map(({ title }) => (
            <span role="columnheader" key={title}>
              {title || <span class="unseen">{t('table.more')}</span>}
            </span>
          ))}
        </div>
        <div class="rows" role="rowgroup" style={{ height: `${found.length * ROW_PX}px` }}>
          {found.slice(first, end).map((row, i) => (
            <div
              {...{
                class: 'tr',
                role: 'row',
                key: keyOf(row),
                'aria-rowindex': first + i + 2,
                'data-index': first + i,
              }}
              style={{ ...grid, transform: `translateY(${(first + i) * ROW_PX}px)` }}
            >
              {shown.map(({ title, cell, text }) => (
                <span role="cell" key={title} title={text?.(row)}>
                  {cell(row)}
                </span>
              ))}
            </div>
          ))}
        </div>
      </div>
    </>
  )
}

function withText<T>(rows: readonly T[], columns: readonly Column<T>[], wanted: string): readonly T[] {
  if (wanted === '') return rows
  const needle = wanted.toLowerCase()
  return rows.filter((row) => columns.some(({ text }) => text?.(row).toLowerCase().includes(needle)))
}

interface FilterProps {
  readonly value: string
  readonly change: (value: string) => void
  readonly found: number
  readonly all: number
}

export function Filter({ value, change, found, all }: FilterProps) {
  const id = useId()
  return (
    <div class="filter">
      <label class="unseen" for={id}>
        {t('filter')}
      </label>
      <input
        {...{ id, type: 'search', placeholder: `${t('filter')}  ( / )`, value }}
        onInput={({ currentTarget }) => change(currentTarget.value)}
      />
      <span class="hint" role="status">
        {value === '' ? number(all) : t('filter.found', { found: number(found), all: number(all) })}
      </span>
    </div>
  )
}

function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(NARROW.matches)
  useEffect(() => {
    const changed = (): void => setNarrow(NARROW.matches)
    NARROW.addEventListener('change', changed)
    return () => NARROW.removeEventListener('change', changed)
  }, [])
  return isNarrow
}
