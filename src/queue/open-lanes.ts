// The forwarder's half of the lanes: reads rows itself, tells the writer (lane-server.ts) what has to be stored.

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { PoolId } from '../model/binding.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Seq } from '../model/event.ts'
import { type Database, openForRead } from '../sqlite/open.ts'
import type { JournalIdentity } from './journal.ts'
import { type LaneDesk, OpenLane } from './lane.ts'
import type { Lane, Lanes, LetterDraft } from './lanes.ts'
import type { FromLaneServer, ToLaneServer } from './messages.ts'
import { noticing } from './salvage.ts'
import { Shared } from './shared.ts'

type Answer = Extract<FromLaneServer, { question: number }>

export class OpenLanes implements Lanes {
  journal: JournalIdentity
  readonly #port: MessagePort
  readonly #db: Database
  readonly #shared: Shared
  readonly #desk: LaneDesk
  readonly #lanes = new Map<PoolId, Promise<OpenLane>>()
  readonly #open = new Map<string, OpenLane>()
  readonly #questions = new Map<number, (answer: Answer) => void>()
  #lastQuestion = 0

  constructor(file: string, port: MessagePort) {
    const hello = receiveMessageOnPort(port)!.message as Extract<FromLaneServer, { kind: 'hello' }>
    this.#shared = new Shared(hello.shared)
    this.#port = port
    this.#db = noticing(openForRead(file))
    this.journal = hello.identity
    this.#desk = {
      db: this.#db,
      shared: this.#shared,
      moved: (pool, seq) => this.#tell({ kind: 'cursor', pool, seq }),
      giveUp: async (pool, gap) => {
        await this.#ask({ kind: 'giveUp', question: ++this.#lastQuestion, pool, gap })
      },
      deadLetter: (pool, letter) => this.#deadLetter(pool, letter),
    }
    port.on('message', (message: FromLaneServer) => this.#receive(message))
  }

  lane(pool: PoolId): Promise<Lane> {
    let lane = this.#lanes.get(pool)
    if (!lane) {
      lane = this.#ask({ kind: 'lane', question: ++this.#lastQuestion, pool }).then((answer) => {
        const opened = new OpenLane(pool, answer as Extract<Answer, { kind: 'cursor' }>, this.#desk)
        this.#open.set(pool, opened)
        return opened
      })
      this.#lanes.set(pool, lane)
    }
    return lane
  }

  list(): { pool: PoolId; cursor: Seq }[] {
    const stored = this.#db
      .prepare<[], { pool: PoolId; cursor: Seq }>('select pool, cursor from lane order by pool')
      .all()
    return stored.map(({ pool, cursor }) => ({ pool, cursor: this.#open.get(pool)?.cursor ?? cursor }))
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#port.once('close', resolve))
    this.#port.close()
    await closed
    this.#db.close()
  }

  async #deadLetter(pool: PoolId, letter: LetterDraft): Promise<boolean> {
    const answer = await this.#ask({ kind: 'letter', question: ++this.#lastQuestion, pool, letter })
    if (answer.kind === 'letter' && answer.kept !== 'never') return answer.kept === 'now'
    throw new HoldfastError('NOT_FOUND', `the journal does not hold the event ${letter.seq} any more`)
  }

  #ask(message: Extract<ToLaneServer, { question: number }>): Promise<Answer> {
    return new Promise((resolve) => {
      this.#questions.set(message.question, resolve)
      this.#tell(message)
    })
  }

  #receive(message: FromLaneServer): void {
    switch (message.kind) {
      case 'news':
        for (const lane of this.#open.values()) lane.wake()
        break
      case 'moved':
        this.#open.get(message.pool)?.dropped(message.seq)
        break
      case 'identity':
        this.journal = message.identity
        break
      case 'cursor':
      case 'letter':
      case 'givenUp':
        this.#questions.get(message.question)!(message)
        this.#questions.delete(message.question)
    }
  }

  #tell(message: ToLaneServer): void {
    this.#port.postMessage(message)
  }
}
