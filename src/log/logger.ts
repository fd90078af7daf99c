// The log: JSON lines for programs, or short lines for a person at a terminal. Messages are fixed words, variables are
// fields, and transitions are logged, not states.

import { fstatSync } from 'node:fs'
import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino'

export type { Logger }

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const STDERR = 2

export interface LogOptions {
  readonly level: LogLevel
  readonly pretty: boolean
  readonly destination?: DestinationStream
  /** Gets each line, as JSON, before it is written. */
  seen?(json: string): void
}

/**
 * Lines `{"time": ISO, "level": "info", "msg": …, …fields}`, or with `pretty` short text. Where stderr is the journal of systemd,
 * each has its priority before it, as the journal wants it. Written synchronously to stderr unless a destination is given, so that
 * a crash loses no line.
 */
export function createLogger({ level, pretty, destination, seen }: LogOptions): Logger {
  const end = destination ?? pino.destination({ fd: STDERR, sync: true })
  const format = pretty ? prettyLine : destination === undefined && isJournal() ? withPriority : undefined
  const write = (line: string): void => {
    seen?.(line)
    end.write(format ? format(line) : line)
  }
  return pino(
    {
      level,
      base: null,
      timestamp: isoTime,
      formatters: { level: levelName },
      serializers: { err: errorForLog },
    } satisfies LoggerOptions,
    format || seen ? { write } : end,
  )
}

const isoTime = (): string => `,"time":"${new Date().toISOString()}"`
const levelName = (level: string): { level: string } => ({ level })

/** What drivers hang on their errors may be the command that failed, with the password in it. */
function errorForLog(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, stack, cause } = error
  const { code, hint } = error as { code?: unknown; hint?: unknown }
  return { type: name, message, code, hint, stack, ...(cause !== undefined && { cause: errorForLog(cause) }) }
}

/** systemd tells a service the device and inode of the stream that it gave it. */
function isJournal(): boolean {
  try {
    const { dev, ino } = fstatSync(STDERR, { bigint: true })
    return process.env.JOURNAL_STREAM === `${dev}:${ino}`
  } catch {
    return false // closed
  }
}

/** Of syslog; sd-daemon(3). */
const PRIORITIES: Readonly<Record<string, number>> = { trace: 7, debug: 7, info: 6, warn: 4, error: 3, fatal: 2 }
const LEVEL = /^\{"level":"(\w+)"/

function withPriority(json: string): string {
  return `<${PRIORITIES[LEVEL.exec(json)?.[1] ?? ''] ?? 6}>${json}`
}

/** `12:00:00.000 warn  pool_down pool=pgsql.pool1 code=ECONNREFUSED`, and the stack of an error below. */
export function prettyLine(json: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>
  const { message, stack } = (err ?? {}) as { message?: string; stack?: string }
  const shown = message === undefined || message === msg ? fields : { ...fields, error: message }
  const pairs = Object.entries(shown).map(([key, value]) => ` ${key}=${prettyValue(value)}`)
  const trace = stack === undefined ? '' : `\n${stack}`
  return `${String(time).slice(11, -1)} ${String(level).padEnd(5)} ${msg}${pairs.join('')}${trace}\n`
}

function prettyValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)
}
