// Figures for eyes, in the language of who reads them.

import { language, t } from './texts.ts'

/** Such as en-GB of who reads English there. */
const locale = (): string => navigator.languages.find((one) => one.startsWith(language.value)) ?? language.value

const made = new Map<string, { format(value: number | Date): string }>()

/** Making one takes a hundred times as long as using it. */
function formatOf(kind: string, make: (locale: string) => Intl.NumberFormat | Intl.DateTimeFormat) {
  const key = `${kind} ${locale()}`
  const format = made.get(key) ?? (make(locale()) as { format(value: number | Date): string })
  made.set(key, format)
  return format
}

export function number(value: number, digits = 0): string {
  const make = (of: string) => new Intl.NumberFormat(of, { maximumFractionDigits: digits })
  return formatOf(`number ${digits}`, make).format(value)
}

/** A rate; small ones with a digit more. */
export const rate = (value: number): string => number(value, value > 0 && value < 10 ? 1 : 0)

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let step = 0
  let left = value
  while (left >= 1000 && step < units.length - 1) {
    left /= 1000
    step++
  }
  return `${number(left, left < 10 && step > 0 ? 1 : 0)} ${units[step]}`
}

export function duration(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 1) return `${number(ms)} ms`
  if (seconds < 90) return `${number(seconds)} s`
  if (seconds < 5400) return `${number(seconds / 60)} min`
  if (seconds < 129_600) return `${number(seconds / 3600, 1)} h`
  return `${number(seconds / 86_400, 1)} ${t('unit.days')}`
}

export const ago = (iso: string | number): string => duration(Math.max(0, Date.now() - new Date(iso).getTime()))

export function moment(iso: string | number): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return String(iso)
  return formatOf('moment', (of) => new Intl.DateTimeFormat(of, { dateStyle: 'short', timeStyle: 'medium' })).format(at)
}

/** Hours, minutes and seconds. */
export const clock = (iso: string): string =>
  formatOf('clock', (of) => new Intl.DateTimeFormat(of, { timeStyle: 'medium' })).format(new Date(iso))
