// A configuration fault: where, what was expected, what to do. Faults are collected, never thrown: an operator sees all
// of them in one go.

/** Line and column start at 1; a fault of a whole file is at 1:1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Fault extends Place {
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint?: string
}

export class Faults {
  readonly list: Fault[] = []

  error(place: Place, message: string, hint?: string): void {
    this.#add('error', place, message, hint)
  }

  warning(place: Place, message: string, hint?: string): void {
    this.#add('warning', place, message, hint)
  }

  #add(severity: Fault['severity'], { file, line, column }: Place, message: string, hint?: string): void {
    this.list.push({ file, line, column, severity, message, ...(hint === undefined ? {} : { hint }) })
  }
}

/** `file:line:column: message (hint)`, as `holdfast check` prints it. */
export function formatFault({ file, line, column, severity, message, hint }: Fault): string {
  const kind = severity === 'warning' ? 'warning: ' : ''
  return `${file}:${line}:${column}: ${kind}${message}${hint === undefined ? '' : ` (${hint})`}`
}

/** By file, then as one reads it. */
export function sortFaults(faults: readonly Fault[]): Fault[] {
  return faults.toSorted((a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
