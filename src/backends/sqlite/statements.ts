// Prepared statements of one connection, by their text.

import type { Database, Statement } from '../../sqlite/open.ts'

export class Statements {
  readonly #db: Database
  readonly #prepared = new Map<string, Statement>()

  constructor(db: Database) {
    this.#db = db
  }

  /** @returns the number of rows that were changed */
  run(text: string, ...values: unknown[]): number {
    const statement = this.#prepare(text)
    if (!statement.reader) return statement.run(...values).changes
    statement.all(...values) // a custom statement may return rows
    return 0
  }

  all<Row>(text: string, ...values: unknown[]): Row[] {
    return this.#prepare(text).all(...values) as Row[]
  }

  #prepare(text: string): Statement {
    let statement = this.#prepared.get(text)
    if (!statement) {
      statement = this.#db.prepare(text)
      this.#prepared.set(text, statement)
    }
    return statement
  }
}
