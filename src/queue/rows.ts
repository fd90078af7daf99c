// Events read back from a read-only connection: decoded, with their times corrected (boots.ts).

import type { HookEvent, Seq } from '../model/event.ts'
import { EventId } from '../model/event-id.ts'
import type { Database, Statement } from '../sqlite/open.ts'
import { Boots } from './boots.ts'
import { isCopy, readMoment, readRecord } from './record.ts'
import { readingRows } from './salvage.ts'

type Row = [seq: number, record: Buffer]

export class Rows {
  readonly #file: string
  readonly #boots: Boots
  readonly #one: Statement<[Seq], Buffer>
  readonly #behind: Statement<[Seq, number], Row>

  constructor(db: Database) {
    this.#file = db.name
    this.#boots = new Boots(db)
    this.#one = db.prepare<[Seq], Buffer>('select record from event where seq = ?').pluck()
    this.#behind = db
      .prepare<[Seq, number], Row>('select seq, record from event where seq > ? order by seq limit ?')
      .raw()
  }

  event(seq: Seq): HookEvent | undefined {
    return readingRows(this.#file, () => {
      const record = this.#one.get(seq)
      return record && this.decode(seq, record)
    })
  }

  id(seq: Seq): EventId | undefined {
    return readingRows(this.#file, () => {
      const record = this.#one.get(seq)
      return record && EventId.read(record, 2)
    })
  }

  /** Without the copies that dead-letter retries made. */
  behind(after: Seq, limit: number): HookEvent[] {
    return readingRows(this.#file, () => {
      const events: HookEvent[] = []
      for (let from = after; ; ) {
        const rows = this.#behind.all(from, limit - events.length)
        for (const [seq, record] of rows) if (!isCopy(record)) events.push(this.decode(seq, record))
        if (rows.length === 0 || events.length >= limit) return events
        from = rows.at(-1)![0]
      }
    })
  }

  /** Wall time of the first event behind `after`, ms. */
  timeBehind(after: Seq): number | null {
    return readingRows(this.#file, () => {
      const row = this.#behind.get(after, 1)
      return row ? this.#boots.when(readMoment(row[1])).at : null
    })
  }

  decode(seq: Seq, record: Buffer): HookEvent {
    const event = readRecord(record, seq)
    return event.trusted ? event : { ...event, ...this.#boots.when(readMoment(record)) }
  }
}
