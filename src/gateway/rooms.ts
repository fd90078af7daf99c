// The rooms that are open, and their end: in the reverse order of their beginning, within `stop.deadline`. What does not end in
// time is left as it is, as a power cut would leave it: what was acknowledged is on disk.

import type { Logger } from '../log/logger.ts'

interface Room {
  readonly name: string
  close(): unknown
  readonly canBeLeft: boolean
}

/** Part of the time that is left for one room; the last has all of it. */
const SHARE = 0.5

export class Rooms {
  readonly #rooms: Room[] = []

  /** @param canBeLeft those that were opened before can end without it */
  add(name: string, close: () => unknown, { canBeLeft = false } = {}): void {
    this.#rooms.push({ name, close, canBeLeft })
  }

  /** @returns false: something did not end, and lives on until the process is ended. @throws the first error of a room */
  async close(deadlineMs: number, log: Logger): Promise<boolean> {
    const until = performance.now() + deadlineMs
    const errors: unknown[] = []
    let isWhole = true
    for (let room = this.#rooms.pop(); room; room = this.#rooms.pop()) {
      const timeMs = (until - performance.now()) * (this.#rooms.length > 0 ? SHARE : 1)
      try {
        if (await endsWithin(room, timeMs)) continue
        isWhole = false
        log.warn({ room: room.name, timeMs: Math.round(timeMs) }, 'room_left')
        if (!room.canBeLeft) break
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
    return isWhole
  }
}

async function endsWithin(room: Room, timeMs: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = timeMs < Number.POSITIVE_INFINITY ? setTimeout(() => late.resolve(false), timeMs) : undefined
  try {
    return await Promise.race([Promise.resolve(room.close()).then(() => true), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
