// The dead letters as the main thread sees them. The lanes put them there (lane-server.ts).

import type { Binding, PoolId } from '../model/binding.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Database, Statement } from '../sqlite/open.ts'
import type { DeadLetter, DeadLetters, Done, LocalWrite } from './journal.ts'
import { copyOf } from './record.ts'
import type { Rows } from './rows.ts'

const LIST_LIMIT = 100
const COLUMNS = 'id, pool, seq, binding, code, message, operation, at'

export interface LetterDesk {
  /** Appends a ready record that matched only this binding. */
  append(record: Buffer, binding: number, local: readonly LocalWrite[], done: Done): void
  post(write: LocalWrite, done: Done): void
}

type Kept = DeadLetter & { readonly record: Buffer }

export class StoredLetters implements DeadLetters {
  readonly #rows: Rows
  readonly #desk: LetterDesk
  readonly #list: Statement<[PoolId | null, number, number], DeadLetter>
  readonly #one: Statement<[number], Kept>
  readonly #binding: Statement<[number], string>
  readonly #count: Statement<[PoolId | null], number>
  /** Letters whose retry is on its way. */
  readonly #leaving = new Set<number>()

  constructor(db: Database, rows: Rows, desk: LetterDesk) {
    this.#rows = rows
    this.#desk = desk
    this.#list = db.prepare(
      `select ${COLUMNS} from dead_letter where pool = coalesce(?, pool) and id > ? order by id limit ?`,
    )
    this.#one = db.prepare(`select ${COLUMNS}, record from dead_letter where id = ?`)
    this.#binding = db.prepare<[number], string>('select definition from binding where id = ?').pluck()
    this.#count = db
      .prepare<[PoolId | null], number>('select count(*) from dead_letter where pool = coalesce(?, pool)')
      .pluck()
  }

  list(o: { pool?: PoolId; after?: number; limit?: number } = {}): DeadLetter[] {
    return this.#list.all(o.pool ?? null, o.after ?? 0, o.limit ?? LIST_LIMIT)
  }

  show(id: number): ReturnType<DeadLetters['show']> {
    const kept = this.#one.get(id)
    if (!kept) return undefined
    const { record, ...letter } = kept
    const boundTo = JSON.parse(this.#binding.get(letter.binding)!) as Binding
    return { ...letter, event: this.#rows.decode(letter.seq, record), boundTo }
  }

  count(pool?: PoolId): number {
    return this.#count.get(pool ?? null)!
  }

  async retry(id: number): Promise<void> {
    const { record, binding } = this.#take(id)
    const remove: LocalWrite = { statement: 'queue.letter.drop', values: [id] }
    await this.#leave(id, (done) => this.#desk.append(copyOf(record), binding, [remove], done))
  }

  async drop(id: number): Promise<void> {
    this.#take(id)
    await this.#leave(id, (done) => this.#desk.post({ statement: 'queue.letter.drop', values: [id] }, done))
  }

  #take(id: number): Kept {
    const letter = this.#leaving.has(id) ? undefined : this.#one.get(id)
    if (!letter) throw new HoldfastError('NOT_FOUND', `there is no dead letter ${id}`)
    return letter
  }

  async #leave(id: number, begin: (done: Done) => void): Promise<void> {
    this.#leaving.add(id)
    try {
      await new Promise<void>((resolve, reject) => begin((error) => (error ? reject(error) : resolve())))
    } finally {
      this.#leaving.delete(id)
    }
  }
}
