// Message ids: 128 bits, microseconds (64) · node (48) · sequence (16), in that order, so that id order is time order.
// The text is base62 in 20 characters, ASCII-ordered digits, so that text order is id order too
// (microseconds stay below 2^55 until the year 3111; 55 + 48 + 16 bits < 62^20).

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
export const ID_BYTES = 16
export const ID_TEXT_LENGTH = 20

/** The id of one event, and so of the message it carries. Its text is made when first asked for. */
export class EventId {
  readonly micros: number
  readonly node: number
  readonly sequence: number
  #text: string | undefined

  constructor(micros: number, node: number, sequence: number) {
    this.micros = micros
    this.node = node
    this.sequence = sequence
  }

  toString(): string {
    this.#text ??= encode(this)
    return this.#text
  }

  toJSON(): string {
    return this.toString()
  }

  /** Writes the 16 bytes, big endian, at `offset`. */
  write(bytes: Buffer, offset: number): void {
    bytes.writeUInt32BE(Math.floor(this.micros / 0x1_0000_0000), offset)
    bytes.writeUInt32BE(this.micros >>> 0, offset + 4)
    bytes.writeUIntBE(this.node, offset + 8, 6)
    bytes.writeUInt16BE(this.sequence, offset + 14)
  }

  static read(bytes: Buffer, offset: number): EventId {
    const micros = bytes.readUInt32BE(offset) * 0x1_0000_0000 + bytes.readUInt32BE(offset + 4)
    return new EventId(micros, bytes.readUIntBE(offset + 8, 6), bytes.readUInt16BE(offset + 14))
  }

  /** @returns undefined for a text that is not one of our ids (old rows hold hex or base64). */
  static parse(text: string): EventId | undefined {
    if (text.length !== ID_TEXT_LENGTH) return undefined
    let value = 0n
    for (const digit of text) {
      const index = DIGITS.indexOf(digit)
      if (index < 0) return undefined
      value = value * 62n + BigInt(index)
    }
    if (value >> 117n) return undefined // 53 bits of microseconds are what a number holds exactly
    return new EventId(Number(value >> 64n), Number((value >> 16n) & 0xffff_ffff_ffffn), Number(value & 0xffffn))
  }
}

// The number is divided in limbs of five digits (62^5 < 2^30), so that every step stays exact in a double.
const LIMB = 62 ** 5
const LIMB_TEXT = 5

function encode({ micros, node, sequence }: EventId): string {
  // sixteen-bit words, most significant first, divided four times by 62^5
  const words = [
    Math.floor(micros / 0x1_0000_0000_0000) & 0xffff,
    Math.floor(micros / 0x1_0000_0000) & 0xffff,
    (micros >>> 16) & 0xffff,
    micros & 0xffff,
    Math.floor(node / 0x1_0000_0000) & 0xffff,
    (node >>> 16) & 0xffff,
    node & 0xffff,
    sequence,
  ]
  let text = ''
  for (let limb = 0; limb < 4; limb++) {
    let remainder = 0
    for (let i = 0; i < words.length; i++) {
      const value = remainder * 0x1_0000 + words[i]!
      words[i] = Math.floor(value / LIMB)
      remainder = value % LIMB
    }
    let part = ''
    for (let i = 0; i < LIMB_TEXT; i++) {
      part = DIGITS[remainder % 62]! + part
      remainder = Math.floor(remainder / 62)
    }
    text = part + text
  }
  return text
}

/**
 * Microseconds between two ids at least: what an event writes has a time of its own by them, in a database that decides by
 * time which write is the newer one (Cassandra). 125,000 events a second; with more, ids run ahead of the clock.
 */
export const STEP_MICROS = 8

/**
 * Makes ids that only grow: over restarts (start after `last`), and over a clock that jumps back. Where in its millisecond
 * an id stands is drawn by lot: a clone of the whole machine has the same node bits until its mark gives it away, and two
 * ids that are equal would hide one of their rows.
 */
export class EventIdSource {
  readonly node: number
  #micros: number
  #sequence = 0

  /** @param node 48 random bits, made with the journal. @param last the newest id that the journal holds. */
  constructor(node: number, last?: EventId) {
    this.node = node
    this.#micros = last ? last.micros : 0
  }

  /** @param nowMs wall time in milliseconds */
  next(nowMs: number): EventId {
    const micros = Math.floor(nowMs) * 1000
    if (micros >= this.#micros + STEP_MICROS) {
      this.#micros = micros + Math.floor(Math.random() * 1000)
      this.#sequence = Math.floor(Math.random() * 0x8000)
    } else {
      this.#micros += STEP_MICROS
      this.#sequence = (this.#sequence + 1) & 0xffff
    }
    return new EventId(this.#micros, this.node, this.#sequence)
  }
}
