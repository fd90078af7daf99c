// What a person sees: a terminal emulator (that of xterm.js) without a window, and a line to it that a console is served on.

import { PassThrough } from 'node:stream'
import xterm from '@xterm/headless'
import type { Line } from '../../src/console/terminal.ts'
import { until } from './gateway.ts'

export class Screen {
  readonly #terminal: xterm.Terminal

  constructor(columns = 80, rows = 24) {
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1000 })
  }

  /** Called with what the terminal answers, such as where its cursor is. */
  onAnswer(answer: (bytes: string) => void): void {
    this.#terminal.onData(answer)
  }

  show(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(bytes, resolve))
  }

  /** All rows that there ever were, without the empty ones at the end. */
  get text(): string {
    return this.#rows(0)
  }

  /** What is on the screen now. */
  get visible(): string {
    return this.#rows(this.#terminal.buffer.active.baseY)
  }

  /** From 0, on the screen. */
  get cursor(): { row: number; column: number } {
    const { cursorX, cursorY } = this.#terminal.buffer.active
    return { row: cursorY, column: cursorX }
  }

  #rows(from: number): string {
    const { active } = this.#terminal.buffer
    const rows = Array.from({ length: active.length - from }, (_, i) =>
      active.getLine(from + i)!.translateToString(true),
    )
    return rows.join('\n').trimEnd()
  }
}

/** Two ends of a line: what the one writes the other reads, as far as it reads at all. */
export class Wire {
  readonly toConsole = new PassThrough({ highWaterMark: 1024 })
  readonly fromConsole = new PassThrough({ highWaterMark: 1024 })
  readonly screen: Screen
  /** Everything that the console wrote. */
  bytes = ''

  constructor(screen = new Screen()) {
    this.screen = screen
    screen.onAnswer((bytes) => this.toConsole.write(bytes))
  }

  get line(): Line {
    return { input: this.toConsole, output: this.fromConsole, attended: true }
  }

  /** The terminal is switched on. */
  read(): this {
    this.fromConsole.on('data', (bytes: Buffer) => {
      this.bytes += bytes
      void this.screen.show(bytes)
    })
    return this
  }

  type(keys: string | Buffer): void {
    this.toConsole.write(keys)
  }

  /** Until the screen shows it. */
  async sees(what: RegExp): Promise<void> {
    await until(`the screen shows ${what}`, () => what.test(this.screen.visible), 10_000).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.screen.text}`)
    })
  }
}
