// The commands of this gateway, as it declares them: what it has not got, the page does not offer.

import { ask } from './api.ts'
import { type Cell, cell } from './cell.ts'

export interface Declared {
  readonly name: string
  readonly usage: string
  readonly summary: string
  readonly help: string | null
  readonly changes: boolean
  readonly asks: boolean
  readonly columns: readonly (string | { key: string; title?: string; as?: 'bytes' | 'duration' | 'ago' })[] | null
  readonly parameters: readonly DeclaredParameter[]
  readonly result: { type?: string }
}

export interface DeclaredParameter {
  readonly key: string
  readonly label: string
  readonly doc: string
  readonly kind: 'positional' | 'option' | 'switch' | 'asked'
  readonly required: boolean
  readonly completes: boolean
  readonly schema?: { type?: string | string[]; enum?: unknown[]; format?: string; minimum?: number; maximum?: number }
}

/** Null before they are known. */
export const declared: Cell<readonly Declared[] | null> = cell<readonly Declared[] | null>(null)

export async function loadDeclared(): Promise<void> {
  declared.value = await ask<Declared[]>('GET', '/commands')
}

export const has = (name: string): boolean => declared.value?.some((one) => one.name === name) ?? false
