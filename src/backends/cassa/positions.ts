// Positions of a batch. A position is the id of a message, and ids grow with time; it never goes back, which Cassandra can't
// tell by itself: what is there is looked up first. Only the furthest move of a batch is written.

import { type Change, putPosition, removePosition } from './render.ts'
import type { Session } from './session.ts'
import type { Request } from './write.ts'

/** Topics that one look-up asks for. */
const TOPICS = 100

interface Cause {
  /** Microseconds. */
  readonly stamp: bigint
  /** Index in the batch. */
  readonly operation: number
}

interface Position {
  readonly clientid: string
  readonly topic: string
  readonly operations: number[]
  /** The old one goes before the move; it is not looked up. */
  forgotten: bigint | undefined
  /** What is there. */
  known: string | undefined
  furthest: { readonly msgid: string; readonly stamp: bigint } | undefined
}

export class Positions {
  /** By client, then by topic. */
  readonly #clients = new Map<string, Map<string, Position>>()

  move({ clientid, topic, msgid }: { clientid: string; topic: string; msgid: string }, cause: Cause): void {
    const position = this.#position(clientid, topic)
    position.operations.push(cause.operation)
    if (position.furthest && position.furthest.msgid >= msgid) return
    position.furthest = { msgid, stamp: cause.stamp }
  }

  forget({ clientid, topic }: { clientid: string; topic: string }, { stamp, operation }: Cause): void {
    const position = this.#position(clientid, topic)
    position.operations.push(operation)
    Object.assign(position, { forgotten: stamp, furthest: undefined })
  }

  /** To be sent before `changes` is asked. */
  lookUps(session: Session): Request[] {
    const requests: Request[] = []
    for (const [clientid, topics] of this.#clients) {
      const wanted = [...topics.values()].filter(({ forgotten }) => forgotten === undefined)
      for (let at = 0; at < wanted.length; at += TOPICS) {
        const part = wanted.slice(at, at + TOPICS)
        const values = [clientid, part.map(({ topic }) => topic)]
        requests.push({
          operations: part.flatMap(({ operations }) => operations),
          async send() {
            const text = 'select topic, msgid from acked where client_id = ? and topic in ?'
            for (const row of await session.run({ text, values }, { repeatable: true })) {
              topics.get(String(row.topic))!.known = (row.msgid as string | null) ?? undefined
            }
          },
        })
      }
    }
    return requests
  }

  changes(): { readonly change: Change; readonly operations: readonly number[] }[] {
    const positions = [...this.#clients.values()].flatMap((topics) => [...topics.values()])
    return positions.flatMap(({ clientid, topic, operations, forgotten, known, furthest }) => {
      const changes: Change[] = []
      if (forgotten !== undefined) changes.push(removePosition(clientid, topic, forgotten))
      if (furthest && (known === undefined || furthest.msgid > known)) {
        changes.push(putPosition(clientid, topic, furthest.msgid, furthest.stamp))
      }
      return changes.map((change) => ({ change, operations }))
    })
  }

  #position(clientid: string, topic: string): Position {
    let topics = this.#clients.get(clientid)
    if (!topics) {
      topics = new Map()
      this.#clients.set(clientid, topics)
    }
    let position = topics.get(topic)
    if (!position) {
      position = { clientid, topic, operations: [], forgotten: undefined, known: undefined, furthest: undefined }
      topics.set(topic, position)
    }
    return position
  }
}
