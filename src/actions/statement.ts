// Custom statements: `${name}` marks a bound parameter. Its value never becomes part of the text.

import type { Statement } from '../model/binding.ts'
import { mongoFaults } from './mongo-statement.ts'

export interface ParsedStatement {
  readonly statement: Statement
  /** What works but should be written otherwise. */
  readonly warnings: readonly string[]
  /** What can't work; the statement is of no use then. */
  readonly faults: readonly string[]
}

/** The conf's words; quotes mean something in SQL and CQL only. */
export type Language = 'sql' | 'cql' | 'commands' | 'mongo'

const PARAMETER = /\$\{([^}]*)\}/g
// … or a literal in single quotes ('' is a quote in it), a quoted identifier, a comment to the line's end
const SQL_TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\$\{([^}]*)\}/g
const QUOTED_PARAMETER = /^(['"])\$\{([^}]*)\}\1$/

/**
 * Parses one statement. In SQL and CQL `'${name}'` in quotes means the same as `${name}` (EMQX's texts have both) and is
 * warned of; within a longer literal a parameter can't be bound, which is a fault.
 */
export function parseStatement(text: string, language: Language): ParsedStatement {
  const texts: string[] = []
  const names: string[] = []
  const warnings: string[] = []
  const faults: string[] = []
  let end = 0
  for (const { 0: token, 1: plain, index } of text.matchAll(
    language === 'sql' || language === 'cql' ? SQL_TOKEN : PARAMETER,
  )) {
    const quoted = QUOTED_PARAMETER.exec(token)?.[2]
    const name = plain ?? quoted
    if (name === undefined) {
      if (token.includes('${') && !token.startsWith('--')) faults.push(inLiteral(token))
      continue
    }
    if (quoted !== undefined) warnings.push(`${token}: a parameter needs no quotes; it is bound as \${${name}}`)
    texts.push(text.slice(end, index))
    names.push(name)
    end = index + token.length
  }
  texts.push(text.slice(end))
  if (language === 'mongo') faults.push(...mongoFaults(text))
  return { statement: { texts, names }, warnings, faults }
}

function inLiteral(literal: string): string {
  return `${literal}: a parameter within a literal can't be bound; put it outside the quotes, as in 'a/' || \${topic}`
}
