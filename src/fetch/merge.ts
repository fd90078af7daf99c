// The answers of the pools and local truth as one list: the pools' rows in their order, then what only the journal has.

import { setImmediate } from 'node:timers/promises'
import type { Message, Seq } from '../model/event.ts'
import { messageOf } from '../model/message.ts'
import type { RemoteMessage } from '../model/operation.ts'
import type { Store } from '../store/store.ts'
import { Overlay, type Reader } from './overlay.ts'
import { limitOf, type Source } from './source.ts'

/** What a source's pool gave; `rows` null: it is away. Local rows behind `after` are told beside it. */
export interface Answer {
  readonly source: Source
  readonly rows: readonly RemoteMessage[] | null
  readonly after: Seq
}

export interface Merged {
  readonly remote: readonly RemoteMessage[]
  /** Read as it is asked for, if there is no limit. */
  readonly local: AsyncIterable<Message> | Iterable<Message>
}

/** Local rows looked at before others may run. */
const PAGE = 256

/** Of what is owed, the newest so many as the sources' limits allow; each message once. */
export async function merge(store: Store, reader: Reader, answers: readonly Answer[]): Promise<Merged> {
  const overlay = new Overlay(store, reader)
  const remote = new Map<string, RemoteMessage>()
  for (const { source, rows } of answers) {
    for (const row of overlay.remote(source, rows ?? [])) remote.set(row.msgid, row)
  }
  const limit = limitOf(answers.map(({ source }) => source))
  if (limit === undefined) {
    const rest = local(store, { order: 'oldestFirst', reader, answers, overlay, known: remote })
    return { remote: [...remote.values()], local: rest }
  }
  // The journal's rows are newer than the pools' others, also those of them that a pool gave already: how far it has come
  // is known a little late.
  const newest: Message[] = []
  const given = new Set<string>()
  for await (const message of local(store, { order: 'newestFirst', reader, answers, overlay, known: NONE })) {
    if (newest.length + given.size === limit) break
    if (remote.has(message.msgid)) given.add(message.msgid)
    else newest.push(message)
  }
  const others = [...remote.keys()].filter((msgid) => !given.has(msgid))
  const room = limit - newest.length - given.size
  for (const msgid of others.slice(Math.max(0, others.length - room))) given.add(msgid)
  return { remote: [...remote.values()].filter(({ msgid }) => given.has(msgid)), local: newest.reverse() }
}

const NONE: ReadonlyMap<string, unknown> = new Map()

interface LocalRead {
  readonly order: 'oldestFirst' | 'newestFirst'
  readonly reader: Reader
  readonly answers: readonly Answer[]
  readonly overlay: Overlay
  /** Not these. */
  readonly known: ReadonlyMap<string, unknown>
}

async function* local(store: Store, o: LocalRead): AsyncGenerator<Message> {
  const { reader, answers, overlay, known } = o
  const behind = Math.min(...answers.map(({ after }) => after))
  let looked = 0
  for (const seq of store.index[o.order](reader.filter, behind)) {
    if (++looked % PAGE === 0) await setImmediate()
    const stored = seq <= reader.horizon.seq ? store.stored.get(seq) : undefined
    if (!stored || known.has(stored.event.id.toString())) continue
    const owed = answers.some(({ source, after }) => seq > after && overlay.local(source, stored))
    if (owed) yield messageOf(stored.event)
  }
}
