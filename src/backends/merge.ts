// A run of built-in writes, merged by table, so that a database can take it in a few statements of many rows. What is
// left after them is what the writes would have left one by one, in order: the tables do not depend on each other but for
// a position, which looks up its message's row and so goes behind the inserts and before the deletes.

import type { Message } from '../model/event.ts'
import type { BoundStatement, Operation, Write } from '../model/operation.ts'

/** Writes to be done one after the other; `operations` are their indexes in the batch. */
export type Step =
  | { readonly kind: 'merged'; readonly merged: Merged; readonly operations: readonly number[] }
  | {
      readonly kind: 'statements'
      readonly statements: readonly BoundStatement[]
      readonly operations: readonly [number]
    }

export interface ClientState {
  readonly clientid: string
  readonly node: string
  readonly state: 0 | 1
  /** ms; null: as it was. */
  readonly onlineAt: number | null
  /** ms; null: empty. */
  readonly offlineAt: number | null
}

export interface PositionChange {
  readonly clientid: string
  readonly topic: string
  /** The old position goes, before the moves. */
  forget: boolean
  /** The furthest of these that has a row is the new position. */
  msgids: string[]
}

/** A message to be stored, with its hook's `payload_format`. */
export interface StoredMessage extends Message {
  readonly payloadFormat?: string
}

export type Delivery = Extract<Write, { do: 'delivered.insert' }>

/** Applied in the order of these fields. */
export class Merged {
  /** In order, each msgid once. */
  readonly inserts = new Map<string, StoredMessage>()
  readonly positions = new Map<string, PositionChange>()
  readonly deletes = new Set<string>()
  /** By topic; null: deleted. */
  readonly retained = new Map<string, StoredMessage | null>()
  readonly clients = new Map<string, ClientState>()
  readonly deliveries: Delivery[] = []

  add(write: Exclude<Write, { do: 'statements' }>): void {
    switch (write.do) {
      case 'message.insert':
        if (!this.inserts.has(write.message.msgid)) this.inserts.set(write.message.msgid, stored(write))
        return
      case 'message.delete':
        this.deletes.add(write.msgid)
        return
      case 'retain.put':
        this.retained.set(write.message.topic, stored(write))
        return
      case 'retain.delete':
        this.retained.set(write.topic, null)
        return
      case 'position.move':
        this.#position(write).msgids.push(write.msgid)
        return
      case 'position.delete':
        Object.assign(this.#position(write), { forget: true, msgids: [] })
        return
      case 'client.online':
      case 'client.offline':
        this.clients.set(write.clientid, nextState(this.clients.get(write.clientid), write))
        return
      case 'delivered.insert':
        this.deliveries.push(write)
    }
  }

  #position({ clientid, topic }: { clientid: string; topic: string }): PositionChange {
    const key = `${clientid.length}:${clientid}${topic}`
    let change = this.positions.get(key)
    if (!change) {
      change = { clientid, topic, forget: false, msgids: [] }
      this.positions.set(key, change)
    }
    return change
  }
}

function stored({ message, payloadFormat }: { message: Message; payloadFormat?: string }): StoredMessage {
  return payloadFormat === undefined ? message : { ...message, payloadFormat }
}

function nextState(
  before: ClientState | undefined,
  write: Extract<Write, { do: 'client.online' | 'client.offline' }>,
): ClientState {
  const { clientid, node, at } = write
  if (write.do === 'client.online') return { clientid, node, state: 1, onlineAt: at, offlineAt: null }
  return { clientid, node, state: 0, onlineAt: before?.onlineAt ?? null, offlineAt: at }
}

/**
 * Cuts a batch into steps. Custom statements stand alone, since nobody knows which tables they touch; so does every
 * write of a batch of one event, so that an error can name its operation.
 */
export function steps(batch: readonly Operation[]): Step[] {
  const alone = batch.length > 0 && batch[0]!.seq === batch.at(-1)!.seq
  const result: Step[] = []
  let open: { merged: Merged; operations: number[] } | undefined
  for (const [index, { write }] of batch.entries()) {
    if (write.do === 'statements') {
      result.push({ kind: 'statements', statements: write.statements, operations: [index] })
      open = undefined
      continue
    }
    if (!open || alone) {
      open = { merged: new Merged(), operations: [] }
      result.push({ kind: 'merged', ...open })
    }
    open.merged.add(write)
    open.operations.push(index)
  }
  return result
}
