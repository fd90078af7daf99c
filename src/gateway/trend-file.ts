// The trend over restarts: `trend` in the data folder, JSON in gzip (zcat shows it). It is written four times an hour and at the end,
// some kilobytes each: a power cut costs a quarter of an hour of plots, and the card less than a megabyte a day.

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Logger } from '../log/logger.ts'
import { replaceFile } from '../system/disk.ts'
import type { Gateway } from './gateway.ts'
import { SAMPLE_MS, SPANS, sampleOf, TREND_FIELDS, type Trend, type TrendSeries } from './trend.ts'

const SAVE_MS = 15 * 60_000
/** A file that has more is not ours. */
const MOST_BYTES = 1 << 20
const OWNER_ONLY = 0o600

interface Stored {
  readonly format: 1
  /** Wall time, and ms since the start of the machine, which is called so. */
  readonly at: number
  readonly monotonic: number
  readonly boot: string
  readonly series: TrendSeries
}

type Source = Pick<Gateway, 'broker' | 'forward' | 'journal' | 'clock' | 'dataDir' | 'log'>

/** Goes on with what is kept, takes samples from now on. */
export function keepTrend(trend: Trend, source: Source): { close(): void } {
  const file = join(source.dataDir, 'trend')
  const kept = read(file, source.log)
  if (kept) trend.goOn(kept.series, gapMs(kept, source.clock))
  const take = (): void => trend.take(performance.now(), sampleOf(source))
  take()
  const save = (): void => write(file, trend, source)
  const timers = [setInterval(take, SAMPLE_MS).unref(), setInterval(save, SAVE_MS).unref()]
  return {
    close() {
      for (const timer of timers) clearInterval(timer)
      save()
    },
  }
}

/** Between the last point and now. A clock that went back says nothing: then there is no gap. */
function gapMs({ at, monotonic, boot }: Stored, clock: Gateway['clock']): number {
  return Math.max(0, boot === clock.boot ? clock.monotonic() - monotonic : clock.now() - at)
}

/** Plots are worth no failing start. */
function read(file: string, log: Logger): Stored | undefined {
  try {
    if (statSync(file).size > MOST_BYTES) throw new Error('it is too large')
    const stored = JSON.parse(gunzipSync(readFileSync(file), { maxOutputLength: MOST_BYTES }).toString()) as Stored
    if (isStored(stored)) return stored
    throw new Error('it is of another version')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') log.warn({ file, why: message }, 'trend_not_read')
    return undefined
  }
}

function isStored({ format, at, monotonic, series }: Stored): boolean {
  const isSeries = (values: unknown): boolean =>
    Array.isArray(values) && values.every((value) => value === null || Number.isFinite(value))
  const lists = SPANS.flatMap((span) => TREND_FIELDS.map((key) => series?.[span]?.[key]))
  return format === 1 && Number.isFinite(at) && Number.isFinite(monotonic) && lists.every(isSeries)
}

function write(file: string, trend: Trend, { clock, log }: Source): void {
  const { boot } = clock
  const stored: Stored = { format: 1, at: clock.now(), monotonic: clock.monotonic(), boot, series: trend.series }
  try {
    replaceFile(file, gzipSync(JSON.stringify(stored)), OWNER_ONLY)
  } catch (error) {
    log.warn({ file, why: (error as Error).message }, 'trend_not_kept')
  }
}
