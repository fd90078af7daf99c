// A few numbers that the three threads see without a message: written by the writer after its commit.

const LAST_SEQ = 0
const LAST_SET = 1
const ROW_BYTES = 2
const AWAITED = 3
const CELLS = 4

export class Shared {
  readonly buffer: SharedArrayBuffer
  readonly #cells: BigInt64Array

  constructor(buffer = new SharedArrayBuffer(CELLS * 8)) {
    this.buffer = buffer
    this.#cells = new BigInt64Array(buffer)
  }

  /** Newest committed event. */
  get lastSeq(): number {
    return Number(Atomics.load(this.#cells, LAST_SEQ))
  }
  set lastSeq(seq: number) {
    Atomics.store(this.#cells, LAST_SEQ, BigInt(seq))
  }

  /** Greatest number of a committed binding set; grows before `lastSeq` does. */
  get lastSet(): number {
    return Number(Atomics.load(this.#cells, LAST_SET))
  }
  set lastSet(set: number) {
    Atomics.store(this.#cells, LAST_SET, BigInt(set))
  }

  /** Bytes of a row on average. */
  get rowBytes(): number {
    return Number(Atomics.load(this.#cells, ROW_BYTES))
  }
  set rowBytes(bytes: number) {
    Atomics.store(this.#cells, ROW_BYTES, BigInt(Math.round(bytes)))
  }

  /** A lane is about to sleep until there is news: the writer sends one message for it, not one a commit. */
  awaitNews(): void {
    Atomics.store(this.#cells, AWAITED, 1n)
  }
  /** @returns whether somebody sleeps; asking clears it */
  takeAwaited(): boolean {
    return Atomics.exchange(this.#cells, AWAITED, 0n) === 1n
  }
}
