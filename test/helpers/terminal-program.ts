// A terminal program at the end of a serial line, in a terminal: picocom in tmux, which shows what a person would see.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from './gateway.ts'

const run = promisify(execFile)

export class TerminalProgram {
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-tmux-'))

  /** @param words the program and its arguments */
  async start(...words: string[]): Promise<this> {
    await this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '24', words.join(' '))
    return this
  }

  /** Keys as tmux names them (`Enter`, `C-a`, `Up`), or text. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys)
  }

  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', text)
  }

  /** As with the mouse: marked as pasted where the other side has asked for that. */
  async paste(text: string): Promise<void> {
    await this.#tmux('set-buffer', '--', text)
    await this.#tmux('paste-buffer', '-p')
  }

  async screen(): Promise<string> {
    const { stdout } = await this.#tmux('capture-pane', '-p', '-J')
    return stdout.trimEnd()
  }

  async sees(what: RegExp, timeoutMs = 20_000): Promise<string> {
    let screen = ''
    const shown = async (): Promise<boolean> => {
      screen = await this.screen()
      return what.test(screen)
    }
    await until(`the screen shows ${what}`, shown, timeoutMs).catch((error: Error) => {
      throw new Error(`${error.message}\n${screen}`)
    })
    return screen
  }

  async end(): Promise<void> {
    await this.#tmux('kill-server')
    rmSync(this.#folder, { recursive: true })
  }

  #tmux(...words: string[]) {
    const env = { ...process.env, TMUX_TMPDIR: this.#folder, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' }
    return run('tmux', ['-u', ...words], { env })
  }
}
