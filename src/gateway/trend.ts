// Figures of the last hour and of the last day, for plots; bounded. trend-file.ts keeps them over restarts.

import type { Gateway } from './gateway.ts'

export const SPANS = ['hour', 'day'] as const
export type SpanName = (typeof SPANS)[number]

/** Events a second over a step, and the worst of a step. */
export interface TrendPoint {
  readonly received: number
  readonly delivered: number
  readonly forwarded: number
  /** Most that waited for one pool. */
  readonly lagEvents: number
  readonly lagSeconds: number
  readonly freeBytes: number
}
export const TREND_FIELDS = ['received', 'delivered', 'forwarded', 'lagEvents', 'lagSeconds', 'freeBytes'] as const

/** Counters since the start, and what is so at the moment. */
export type TrendSample = TrendPoint

/** By their names, oldest first; null: nobody was there to look. */
export type Series = Readonly<Record<keyof TrendPoint, (number | null)[]>>
export type TrendSeries = Readonly<Record<SpanName, Series>>

export const SAMPLE_MS = 10_000

export class Trend {
  readonly #spans: Readonly<Record<SpanName, Span>> = {
    hour: new Span(SAMPLE_MS, 360),
    day: new Span(300_000, 288),
  }
  #takenAt = 0

  /** @param at monotonic, ms */
  take(at: number, sample: TrendSample): void {
    this.#takenAt = at
    for (const span of Object.values(this.#spans)) span.take(at, sample)
  }

  get series(): TrendSeries {
    return { hour: this.#spans.hour.series(), day: this.#spans.day.series() }
  }

  /** @param gapMs since the last of them. To be called before the first sample. */
  goOn(series: TrendSeries, gapMs: number): void {
    for (const name of SPANS) this.#spans[name].goOn(series[name], gapMs)
  }

  /** @returns oldest first; `agoMs`: how long ago the newest ended. @param at monotonic, ms */
  of(name: SpanName, at = this.#takenAt) {
    const span = this.#spans[name]
    return { stepMs: span.stepMs, agoMs: Math.max(0, Math.round(at - span.endedAt)), ...span.series() }
  }
}

class Span {
  readonly stepMs: number
  /** Of the newest point; monotonic, ms. */
  endedAt = 0
  readonly #most: number
  /** 24 bytes a point. */
  readonly #points: Float32Array[] = []
  #before: TrendSample | undefined
  #worst = { lagEvents: 0, lagSeconds: 0, freeBytes: Number.POSITIVE_INFINITY }

  constructor(stepMs: number, most: number) {
    this.stepMs = stepMs
    this.#most = most
  }

  take(at: number, now: TrendSample): void {
    const { lagEvents, lagSeconds, freeBytes } = this.#worst
    this.#worst = {
      lagEvents: Math.max(lagEvents, now.lagEvents),
      lagSeconds: Math.max(lagSeconds, now.lagSeconds),
      freeBytes: Math.min(freeBytes, now.freeBytes),
    }
    const before = this.#before
    const seconds = (at - this.endedAt) / 1000
    if (before && seconds * 1000 < this.stepMs - SAMPLE_MS / 2) return // timers are late, and early
    if (before) {
      // a pool that is configured anew counts from 0
      const rate = (key: 'received' | 'delivered' | 'forwarded') => Math.max(0, now[key] - before[key]) / seconds
      const rates = { received: rate('received'), delivered: rate('delivered'), forwarded: rate('forwarded') }
      const point = { ...rates, ...this.#worst }
      this.#add((key) => point[key])
    }
    this.#before = now
    this.#worst = { lagEvents: 0, lagSeconds: 0, freeBytes: Number.POSITIVE_INFINITY }
    this.endedAt = at
  }

  series(): Series {
    const shown = (value: number): number | null => (Number.isNaN(value) ? null : Math.round(value * 100) / 100)
    const all = TREND_FIELDS.map((key, i) => [key, this.#points.map((point) => shown(point[i]!))])
    return Object.fromEntries(all) as unknown as Series
  }

  goOn(series: Series, gapMs: number): void {
    for (const i of series.received.keys()) this.#add((key) => series[key][i] ?? Number.NaN)
    const missed = Math.min(this.#most, Math.round(gapMs / this.stepMs))
    for (let n = 0; n < missed; n++) this.#add(() => Number.NaN)
  }

  #add(value: (key: keyof TrendPoint) => number): void {
    this.#points.push(Float32Array.from(TREND_FIELDS, value))
    if (this.#points.length > this.#most) this.#points.shift()
  }
}

export function sampleOf({ broker, forward, journal }: Pick<Gateway, 'broker' | 'forward' | 'journal'>): TrendSample {
  const { received, delivered } = broker.stats()
  const lanes = forward.lanes()
  return {
    received: received.reduce((sum, count) => sum + count, 0),
    delivered,
    forwarded: lanes.reduce((sum, lane) => sum + lane.forwarded, 0),
    lagEvents: Math.max(0, ...lanes.map(({ lag }) => lag.events)),
    lagSeconds: Math.max(0, ...lanes.map(({ lag }) => lag.seconds)),
    freeBytes: journal.stats().freeBytes,
  }
}
