// The log: JSON lines for programs, or short lines for a person at a terminal. Messages are fixed words, variables are
// fields, and transitions are logged, not states.

import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino'

export type { Logger }

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const STDERR = 2

/**
 * Lines `{"time": ISO, "level": "info", "msg": …, …fields}`, or with `pretty` short text.
 * Written synchronously to stderr unless a destination is given, so that a crash loses no line.
 */
export function createLogger(options: { level: LogLevel; pretty: boolean; destination?: DestinationStream }): Logger {
  const destination = options.destination ?? pino.destination({ fd: STDERR, sync: true })
  return pino(
    { level: options.level, base: null, timestamp: isoTime, formatters: { level: levelName } } satisfies LoggerOptions,
    options.pretty ? prettyLines(destination) : destination,
  )
}

const isoTime = (): string => `,"time":"${new Date().toISOString()}"`
const levelName = (level: string): { level: string } => ({ level })

function prettyLines(destination: DestinationStream): DestinationStream {
  return { write: (line) => destination.write(prettyLine(JSON.parse(line))) }
}

/** `12:00:00.000 warn  pool_down pool=pgsql.pool1 code=ECONNREFUSED`, and the stack of an error below. */
function prettyLine({ time, level, msg, err, ...fields }: Record<string, unknown>): string {
  const { message, stack } = (err ?? {}) as { message?: string; stack?: string }
  const shown = message === undefined || message === msg ? fields : { ...fields, error: message }
  const pairs = Object.entries(shown).map(([key, value]) => ` ${key}=${prettyValue(value)}`)
  const trace = stack === undefined ? '' : `\n${stack}`
  return `${String(time).slice(11, -1)} ${String(level).padEnd(5)} ${msg}${pairs.join('')}${trace}\n`
}

function prettyValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)
}
