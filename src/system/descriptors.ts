// How many files and sockets this process may have open. (Node has raised the soft limit to the hard one at its start.)

import { readFileSync } from 'node:fs'

/** Infinity where nothing bounds it, or the kernel does not tell. */
export function descriptorLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
