// Is the gateway doing what it is there for? It takes messages, and the journal commits them.

import type { Gateway } from './gateway.ts'

/** A commit that takes longer is none. */
const PATIENCE_MS = 5000

/** @returns why it is not well, or null */
export async function ailment({ journal, broker }: Pick<Gateway, 'journal' | 'broker'>): Promise<string | null> {
  const { full } = journal.stats()
  if (full !== null) return `the journal takes nothing: ${full}`
  if (broker.listeners.length === 0) return 'there is no listener'
  const { promise, resolve } = Promise.withResolvers<string | null>()
  const patience = setTimeout(() => resolve(`no commit for ${PATIENCE_MS / 1000} seconds`), PATIENCE_MS)
  journal.after(() => resolve(null))
  try {
    return await promise
  } finally {
    clearTimeout(patience)
  }
}
