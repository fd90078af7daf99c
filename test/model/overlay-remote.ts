// A remote in memory, with the reads and writes of a backend as the seeds' tables mean them, and a lane that carries the
// journal's events to it when the test says so.

import { plan } from '../../src/actions/actions.ts'
import type { PoolReader } from '../../src/fetch/pool-reader.ts'
import type { Binding, PoolId } from '../../src/model/binding.ts'
import { BackendError } from '../../src/model/errors.ts'
import type { Seq } from '../../src/model/event.ts'
import type { ReadOp, RemoteMessage, RowOf, SubscriptionRow, Write } from '../../src/model/operation.ts'
import { topicMatches } from '../../src/model/topic.ts'
import type { Journal } from '../../src/queue/journal.ts'

type MessagesOp = Extract<ReadOp, { read: 'messages' }>

export class Remote {
  /** mqtt_msg; the index is the row's id. Removed rows leave a gap. */
  readonly rows: (RemoteMessage | undefined)[] = []
  readonly #rowOf = new Map<string, number>()
  /** mqtt_acked: `clientid topic` → row id. */
  readonly positions = new Map<string, number>()
  readonly retained = new Map<string, RemoteMessage>()
  readonly subscriptions = new Map<string, SubscriptionRow[]>()

  /** -1: no such row. */
  indexOf(msgid: string): number {
    return this.#rowOf.get(msgid) ?? -1
  }

  insert(row: RemoteMessage): void {
    if (this.#rowOf.has(row.msgid)) return
    this.#rowOf.set(row.msgid, this.rows.length)
    this.rows.push(row)
  }

  write(write: Write): void {
    switch (write.do) {
      case 'message.insert': {
        const { seq: _, ...row } = write.message
        this.insert(row)
        return
      }
      case 'message.delete': {
        const index = this.indexOf(write.msgid)
        if (index < 0) return
        this.rows[index] = undefined
        this.#rowOf.delete(write.msgid)
        return
      }
      case 'position.move': {
        const key = `${write.clientid} ${write.topic}`
        const row = this.indexOf(write.msgid)
        if (row > (this.positions.get(key) ?? -1)) this.positions.set(key, row)
        return
      }
      case 'position.delete':
        this.positions.delete(`${write.clientid} ${write.topic}`)
        return
      case 'retain.put': {
        const { seq: _, ...row } = write.message
        this.retained.set(row.topic, row)
        return
      }
      case 'retain.delete':
        this.retained.delete(write.topic)
    }
  }

  read<O extends ReadOp>(op: O): readonly RowOf<O>[] {
    return this.#read(op) as readonly RowOf<O>[]
  }

  #read(op: ReadOp): readonly (RemoteMessage | SubscriptionRow)[] {
    if (op.read === 'subscriptions') return this.subscriptions.get(op.clientid) ?? []
    if (op.read === 'messages') return this.#messages(op)
    return [...this.retained.values()].filter(({ topic }) => topicMatches(op.filter, topic))
  }

  #messages({ filter, clientid, positions, start, since = 0, limit }: MessagesOp): RemoteMessage[] {
    const begins = (topic: string): number => {
      const held = clientid === undefined ? undefined : this.positions.get(`${clientid} ${topic}`)
      const local = positions?.get(topic)
      if (held === undefined && local === undefined) return start === 'latest' ? this.rows.length : -1
      return Math.max(held ?? -1, local === undefined ? -1 : this.indexOf(local))
    }
    const found = this.rows.filter(
      (row, index) => row && topicMatches(filter, row.topic) && row.at >= since && index > begins(row.topic),
    ) as RemoteMessage[]
    return limit === undefined ? found : found.slice(Math.max(0, found.length - limit))
  }
}

/** Pools as `forward` shows them to `fetch`; what the lane carries, and when, is up to the test. */
export class Pools implements PoolReader {
  readonly #remotes = new Map<PoolId, { remote: Remote; cursor: Seq; shown: Seq; up: boolean }>()
  readonly #listeners: ((pool: PoolId) => void)[] = []
  /** Fails the reads though the pool is up: too slow. */
  slow = false
  readonly reads: ReadOp[] = []
  /** What happens while the next question is on its way there, and while the answer is on its way back. */
  onTheWay: ((way: 'there' | 'back') => Promise<void>) | undefined

  add(pool: PoolId): Remote {
    const remote = new Remote()
    this.#remotes.set(pool, { remote, cursor: 0, shown: 0, up: true })
    return remote
  }

  async read<O extends ReadOp>(pool: PoolId, op: O): Promise<readonly RowOf<O>[]> {
    this.reads.push(op)
    const { onTheWay } = this
    this.onTheWay = undefined
    await onTheWay?.('there')
    const { remote, up } = this.#remotes.get(pool)!
    if (!up || this.slow) throw new BackendError('transient', 'DEADLINE', 'no answer')
    const rows = remote.read(op)
    await onTheWay?.('back')
    return rows
  }

  state(pool: PoolId): 'up' | 'down' {
    return this.#remotes.get(pool)!.up ? 'up' : 'down'
  }

  /** As the main thread knows it. */
  cursor(pool: PoolId): Seq {
    return this.#remotes.get(pool)!.shown
  }

  onUp(listener: (pool: PoolId) => void): void {
    this.#listeners.push(listener)
  }

  setUp(pool: PoolId, up: boolean): void {
    this.#remotes.get(pool)!.up = up
    if (up) for (const listener of this.#listeners) listener(pool)
  }

  /** The lane carries up to `count` events; the main thread hears of it unless `quietly`. */
  forward(
    pool: PoolId,
    o: { journal: Journal; bindings: readonly Binding[]; count?: number; quietly?: boolean },
  ): void {
    const lane = this.#remotes.get(pool)!
    for (const event of o.journal.events(lane.cursor, o.count ?? 1_000_000)) {
      for (const binding of o.bindings) {
        const bound =
          binding.pool === pool && binding.hook === event.hook && topicMatches(binding.topic ?? '#', event.topic)
        const write = bound ? plan(event, binding, { node: 'n' }) : null
        if (write) lane.remote.write(write)
      }
      lane.cursor = event.seq
    }
    if (!o.quietly) lane.shown = lane.cursor
  }

  /** What the lane has really carried. */
  carried(pool: PoolId): Seq {
    return this.#remotes.get(pool)!.cursor
  }
}
