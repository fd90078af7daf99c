// The writer's side of the lanes: answers the ports of `openLanes`, keeps their cursors and dead letters, wakes them.

import type { MessagePort } from 'node:worker_threads'
import type { Seq } from '../model/event.ts'
import { type Database, isDiskTrouble, type Statement } from '../sqlite/open.ts'
import type { Cursors } from './cursors.ts'
import type { Gap } from './lanes.ts'
import type { FromLaneServer, ToLaneServer } from './messages.ts'
import type { Shared } from './shared.ts'

/** A request that the disk refused is tried again so often, ms. */
const RETRY_MS = 1000

type Request = Exclude<ToLaneServer, { kind: 'cursor' }>

interface Open {
  readonly port: MessagePort
  readonly request: Request
}

export interface LaneServerOptions {
  readonly cursors: Cursors
  readonly shared: Shared
  /** Runs it in a transaction that is on disk when this returns. */
  readonly transaction: (action: () => void) => void
  readonly now: () => number
}

export class LaneServer {
  readonly #o: LaneServerOptions
  readonly #ports = new Set<MessagePort>()
  readonly #putLetter: Statement<[string, number, string, string, string, number, Seq]>
  readonly #hasLetter: Statement<[string, Seq, number], number>
  readonly #newest: Statement<[], Seq | null>
  readonly #gaps: Statement<[string], Gap>
  readonly #putGap: Statement<[string, Seq, Seq]>
  readonly #dropGaps: Statement<[]>
  #open: Open[] = []
  #timer: NodeJS.Timeout | NodeJS.Immediate | null = null

  constructor(db: Database, o: LaneServerOptions) {
    this.#o = o
    this.#putLetter = db.prepare(
      `insert or ignore into dead_letter (pool, seq, binding, code, message, operation, at, record)
       select ?, seq, ?, ?, ?, ?, ?, record from event where seq = ?`,
    )
    this.#hasLetter = db
      .prepare<[string, Seq, number], number>('select 1 from dead_letter where pool = ? and seq = ? and binding = ?')
      .pluck()
    this.#gaps = db.prepare('select after, up_to as upTo from given_up where pool = ? order by after')
    this.#putGap = db.prepare('insert into given_up (pool, after, up_to) values (?, ?, ?)')
    this.#dropGaps = db.prepare('delete from given_up where up_to < (select min(seq) from event)')
    this.#newest = db.prepare<[], Seq | null>('select max(seq) from event').pluck()
  }

  add(port: MessagePort): void {
    this.#ports.add(port)
    port.on('message', (message: ToLaneServer) => this.#receive(port, message))
    port.on('close', () => this.#ports.delete(port))
  }

  /** There are new rows. */
  wake(): void {
    if (this.#o.shared.takeAwaited()) this.tell({ kind: 'news' })
  }

  tell(message: FromLaneServer): void {
    for (const port of this.#ports) port.postMessage(message)
  }

  /** Nothing more is answered. */
  close(): void {
    this.#settle()
    clearTimeout(this.#timer as NodeJS.Timeout)
    for (const port of this.#ports) port.close()
  }

  #receive(port: MessagePort, message: ToLaneServer): void {
    if (message.kind === 'cursor') {
      this.#o.cursors.move(message.pool, message.seq)
      return
    }
    this.#open.push({ port, request: message })
    // letters come in swarms, and one fsync is enough for a swarm
    this.#timer ??= setImmediate(() => this.#settle())
  }

  /** Answers what is asked, all in one transaction; when the disk is in trouble, later. */
  #settle(): void {
    this.#timer = null
    const open = this.#open
    if (open.length === 0) return
    try {
      const answers: FromLaneServer[] = []
      this.#o.transaction(() => {
        for (const { request } of open) answers.push(this.#answer(request))
      })
      this.#open = []
      for (const [index, { port }] of open.entries()) port.postMessage(answers[index])
    } catch (error) {
      if (!isDiskTrouble(error)) throw error
      this.#timer = setTimeout(() => this.#settle(), RETRY_MS)
    }
  }

  #answer(request: Request): FromLaneServer {
    const { question, pool } = request
    if (request.kind === 'lane') {
      const { cursors } = this.#o
      const known = cursors.all().get(pool)
      if (known !== undefined) return { kind: 'cursor', question, cursor: known, gaps: this.#gaps.all(pool) }
      const tail = this.#newest.get() ?? 0
      cursors.move(pool, tail)
      cursors.persist()
      return { kind: 'cursor', question, cursor: tail, gaps: [] }
    }
    if (request.kind === 'giveUp') {
      const { after, upTo } = request.gap
      this.#o.cursors.move(pool, upTo)
      this.#o.cursors.persist()
      this.#dropGaps.run()
      this.#putGap.run(pool, after, upTo)
      return { kind: 'givenUp', question }
    }
    const { seq, binding, code, message, operation } = request.letter
    const { changes } = this.#putLetter.run(pool, binding, code, message, operation, this.#o.now(), seq)
    const there = this.#hasLetter.get(pool, seq, binding) === 1
    return { kind: 'letter', question, kept: changes === 1 ? 'now' : there ? 'before' : 'never' }
  }
}
