// The lines that somebody gave, to be called up again with the arrows.

const MOST_LINES = 200

export class History {
  readonly #lines: string[] = []
  /** Index of the line that is shown; the length: the new one. */
  #at = 0
  /** What was typed before the first arrow. */
  #typed = ''

  get lines(): readonly string[] {
    return this.#lines
  }

  /** A line that begins with a space is not remembered. */
  add(line: string): void {
    if (line.trim() !== '' && !line.startsWith(' ') && line !== this.#lines.at(-1)) this.#lines.push(line)
    if (this.#lines.length > MOST_LINES) this.#lines.shift()
    this.#at = this.#lines.length
  }

  /** The line that was added last. */
  forget(): void {
    this.#lines.pop()
    this.#at = this.#lines.length
  }

  /** The next earlier line that begins with what was typed. */
  earlier(shown: string): string | undefined {
    if (this.#at === this.#lines.length) this.#typed = shown
    return this.#move(-1)
  }

  later(): string | undefined {
    return this.#at < this.#lines.length ? (this.#move(1) ?? this.#back()) : undefined
  }

  #move(step: -1 | 1): string | undefined {
    for (let at = this.#at + step; at >= 0 && at < this.#lines.length; at += step) {
      if (!this.#lines[at]!.startsWith(this.#typed)) continue
      this.#at = at
      return this.#lines[at]
    }
    return undefined
  }

  #back(): string {
    this.#at = this.#lines.length
    return this.#typed
  }
}
