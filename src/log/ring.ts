// The newest lines of the log, in memory, for who looks at it from outside. Bounded in bytes: lines are of any length.

import { LOG_LEVELS, type LogLevel } from './logger.ts'

export interface LogLine {
  /** ISO 8601. */
  readonly time: string
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export type LogListener = (line: LogLine) => void

export class LogRing {
  readonly #listeners = new Set<LogListener>()
  #lines: string[] = []
  #bytes = 0
  #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  set maxBytes(bytes: number) {
    this.#maxBytes = bytes
    this.#forget()
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @param json as the logger writes it */
  add(json: string): void {
    this.#lines.push(json)
    this.#bytes += json.length
    this.#forget()
    if (this.#listeners.size === 0) return
    const line = readLine(json)
    for (const listener of this.#listeners) listener(line)
  }

  /** The newest `count` of that level and those above it, oldest first. */
  tail(count: number, level: LogLevel): LogLine[] {
    const found: LogLine[] = []
    for (let index = this.#lines.length - 1; index >= 0 && found.length < count; index--) {
      const line = readLine(this.#lines[index]!)
      if (isAtLeast(line.level, level)) found.push(line)
    }
    return found.reverse()
  }

  /** What comes from now on. @returns to be called when it is enough */
  follow(listener: LogListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #forget(): void {
    let gone = 0
    while (this.#bytes > this.#maxBytes && gone < this.#lines.length) this.#bytes -= this.#lines[gone++]!.length
    if (gone > 0) this.#lines = this.#lines.slice(gone)
  }
}

export const isAtLeast = (level: LogLevel, least: LogLevel): boolean =>
  LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least)

function readLine(json: string): LogLine {
  const { time, level, msg, ...fields } = JSON.parse(json) as Record<string, unknown>
  return { time: String(time), level: level as LogLevel, message: String(msg), fields }
}
