// Lines over time. What draws them is loaded when the first is wanted.

import { useEffect, useRef } from 'preact/hooks'
import type uPlot from 'uplot'
import { useCell } from '../cell.ts'
import { language, t } from '../texts.ts'
import { theme } from '../theme.ts'

export interface Line {
  readonly label: string
  /** A custom property of style.css. */
  readonly color: string
  /** Null: a gap. */
  readonly values: readonly (number | null)[]
}

interface PlotProps {
  readonly title: string
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
}

const HEIGHT = 180

export function Plot({ title, times, lines, format }: PlotProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const look = `${useCell(theme)} ${useCell(language)} ${lines.map(({ label }) => label).join()}`
  const data = [times, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData
  const newest = useRef(data)
  newest.current = data
  // drawn anew for another look only
  useEffect(() => {
    let over = false
    const fit = new ResizeObserver(([entry]) =>
      plot.current?.setSize({ width: Math.floor(entry!.contentRect.width), height: HEIGHT }),
    )
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const draw = async (): Promise<void> => {
      const { default: Drawn } = await import('uplot')
      if (over || !box.current) return
      plot.current?.destroy()
      plot.current = new Drawn(optionsOf(box.current, lines, format), newest.current, box.current)
    }
    void draw().then(() => box.current && fit.observe(box.current))
    dark.addEventListener('change', draw)
    return () => {
      over = true
      fit.disconnect()
      dark.removeEventListener('change', draw)
      plot.current?.destroy()
      plot.current = null
    }
  }, [look])
  useEffect(() => plot.current?.setData(data))
  const worst = lines.map(({ label, values }) => `${label}: ${format(Math.max(0, ...values.map(Number)))}`).join(', ')
  return (
    <figure class="plot">
      <figcaption>{title}</figcaption>
      <div ref={box} role="img" aria-label={`${title}; max ${worst}`} />
    </figure>
  )
}

function optionsOf(box: HTMLElement, lines: readonly Line[], format: (value: number) => string): uPlot.Options {
  const colorOf = (name: string): string => {
    box.style.color = `var(${name})` // a canvas does not know light-dark(); what is computed of it, it does
    const { color } = getComputedStyle(box)
    box.style.color = ''
    return color
  }
  const axis = { stroke: colorOf('--dim'), grid: { stroke: colorOf('--line'), width: 1 }, ticks: { show: false } }
  return {
    width: box.clientWidth,
    height: HEIGHT,
    padding: [null, 28, null, null],
    cursor: { y: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      { ...axis, space: 70, values: (_, ticks) => ticks.map((at) => clock(at, (ticks[1] ?? at) - at < 60)) },
      { ...axis, size: 64, values: (_, ticks) => ticks.map(format) },
    ],
    series: [
      { label: t('plot.time'), value: shown((at) => clock(at, true)) },
      ...lines.map(({ label, color }) => ({
        ...{ label, stroke: colorOf(color), width: 2, points: { show: false }, value: shown(format) },
      })),
    ],
  }
}

/** Below the plot: what is under the cursor, and without one the newest. */
const shown =
  (format: (value: number) => string) =>
  (plot: uPlot, value: number | null, series: number, index: number | null): string => {
    const found = index === null ? plot.data[series]?.at(-1) : value
    return found === null || found === undefined ? '–' : format(found)
  }

/** @param at seconds since 1970 */
function clock(at: number, withSeconds: boolean): string {
  const parts = { hour: '2-digit', minute: '2-digit', ...(withSeconds && { second: '2-digit' as const }) } as const
  return new Intl.DateTimeFormat(language.value, { ...parts, hourCycle: 'h23' }).format(at * 1000)
}
