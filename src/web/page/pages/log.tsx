// The log: its newest lines, and those that come.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { run } from '../api.ts'
import { useCell } from '../cell.ts'
import { declared } from '../declared.ts'
import { clock, moment } from '../format.ts'
import { askFor } from '../parts/action.tsx'
import { Empty } from '../parts/empty.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Check, Choice } from '../parts/field.tsx'
import { Filter } from '../parts/table.tsx'
import { useFollow } from '../parts/use-follow.ts'
import { t } from '../texts.ts'

interface LogLine {
  readonly time: string
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

const MOST = 500

export function Log() {
  const [level, setLevel] = useState('info')
  const [wanted, setWanted] = useState('')
  const [follows, setFollows] = useState(true)
  const { items = [], fault } = useFollow<LogLine>('log tail', { level, lines: MOST }, { most: MOST, goesOn: follows })
  const needle = wanted.toLowerCase()
  const found = needle === '' ? items : items.filter((line) => textOf(line).toLowerCase().includes(needle))
  const levels = useLevels()
  return (
    <section class="card">
      <div class="row">
        <Choice label={t('log.from')} value={level} options={levels} change={setLevel} />
        <WrittenLevel levels={levels} />
        <Check label={t('log.follow')} value={follows} change={setFollows} />
      </div>
      <Filter value={wanted} change={setWanted} found={found.length} all={items.length} />
      <FaultBox fault={fault} />
      {found.length > 0 ? (
        <Lines lines={found} />
      ) : (
        <Empty title={t('log.none')}>
          <p>{t('log.none.next')}</p>
        </Empty>
      )}
    </section>
  )
}

/** Names of levels, as the gateway has them. */
function useLevels(): (readonly [string, string])[] {
  const parameters = useCell(declared)?.find(({ name }) => name === 'log tail')?.parameters
  const words = parameters?.find(({ key }) => key === 'level')?.schema?.enum ?? []
  return words.map((word) => [String(word), String(word)] as const)
}

/** From which level on the gateway writes lines at all. */
function WrittenLevel({ levels }: { levels: readonly (readonly [string, string])[] }) {
  const [now, setNow] = useState('')
  useEffect(() => {
    void run<{ level: string }>('log level').then(
      ({ result }) => setNow(result.level),
      () => {}, // who may only read is not asked
    )
  }, [])
  const change = (level: string): void =>
    askFor({ command: 'log level', values: { level }, label: t('log.written'), done: () => setNow(level) })
  return now === '' ? null : <Choice label={t('log.written')} value={now} options={levels} change={change} />
}

/** Stays at its end, unless somebody has scrolled up. */
function Lines({ lines }: { lines: readonly LogLine[] }) {
  const box = useRef<HTMLOListElement>(null)
  const atEnd = useRef(true)
  useLayoutEffect(() => {
    if (atEnd.current) box.current!.scrollTop = box.current!.scrollHeight
  }, [lines])
  const look = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = box.current!
    atEnd.current = scrollHeight - scrollTop - clientHeight < 20
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <ol class="log" ref={box} onScroll={look} tabIndex={0} aria-label={t('log')} lang="en">
      {lines.map((line) => (
        <li key={keyOf(line)} class={`at-${line.level}`}>
          <time dateTime={line.time} title={moment(line.time)}>
            {clock(line.time)}
          </time>{' '}
          <span class="level">{line.level}</span> <b>{line.message}</b> {fieldsOf(line)}
        </li>
      ))}
    </ol>
  )
}

const KEYS = new WeakMap<LogLine, number>()
let lastKey = 0

/** Lines may be the same, to the millisecond. */
function keyOf(line: LogLine): number {
  const key = KEYS.get(line) ?? ++lastKey
  KEYS.set(line, key)
  return key
}

const textOf = (line: LogLine): string => `${line.level} ${line.message} ${fieldsOf(line)}`

const fieldsOf = ({ fields }: LogLine): string =>
  Object.entries(fields)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
