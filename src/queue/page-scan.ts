// Reads table rows out of an SQLite file without trusting its structure: every page that looks like a leaf of a table is
// taken apart, from the file and from the commits in its write-ahead log. Finds also rows that were deleted lately.
// Source of the format: sqlite.org/fileformat2.html.

import fs from 'node:fs'

export type Column = null | number | string | Buffer

export interface ScannedRow {
  readonly rowid: number
  readonly columns: readonly Column[]
}

const LEAF = 0x0d
const WAL_HEAD = 32
const FRAME_HEAD = 24
const FILE_HEAD = 100
const ANY_SIZE = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]

/** @param expectedPageSize where the head of the file is not readable */
export function* scanRows(file: string, expectedPageSize: number): Generator<ScannedRow> {
  const pages = new Pages(file, expectedPageSize)
  try {
    for (const number of pages.numbers()) {
      const page = pages.read(number)
      if (page) yield* leafRows(pages, page, number === 1 ? FILE_HEAD : 0)
    }
  } finally {
    pages.close()
  }
}

/** The file's pages, with the newer ones of the log laid over them. */
class Pages {
  readonly size: number
  readonly #file: number
  readonly #count: number
  readonly #log: Map<number, Buffer>

  constructor(file: string, expectedPageSize: number) {
    this.#file = fs.openSync(file, 'r')
    const head = Buffer.alloc(FILE_HEAD)
    fs.readSync(this.#file, head, 0, FILE_HEAD, 0)
    const told = head.readUInt16BE(16) || 65536
    this.size =
      head.toString('latin1', 0, 15) === 'SQLite format 3' && ANY_SIZE.includes(told) ? told : expectedPageSize
    this.#count = Math.floor(fs.fstatSync(this.#file).size / this.size)
    this.#log = readLog(`${file}-wal`, this.size)
  }

  *numbers(): Generator<number> {
    for (let number = 1; number <= this.#count; number++) yield number
    for (const number of this.#log.keys()) if (number > this.#count) yield number
  }

  read(number: number): Buffer | undefined {
    const newer = this.#log.get(number)
    if (newer) return newer
    if (number < 1 || number > this.#count) return undefined
    const page = Buffer.alloc(this.size)
    try {
      fs.readSync(this.#file, page, 0, this.size, (number - 1) * this.size)
      return page
    } catch {
      return undefined // a dying card: this page is lost, the others may be readable
    }
  }

  close(): void {
    fs.closeSync(this.#file)
  }
}

/** Pages of the log up to its last commit, the newest of each. */
function readLog(file: string, pageSize: number): Map<number, Buffer> {
  const committed = new Map<number, Buffer>()
  const log = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0)
  let pending: [number, Buffer][] = []
  for (let at = WAL_HEAD; at + FRAME_HEAD + pageSize <= log.length; at += FRAME_HEAD + pageSize) {
    if (log.compare(log, 16, 24, at + 8, at + 16) !== 0) break // salts of an older round
    pending.push([log.readUInt32BE(at), log.subarray(at + FRAME_HEAD, at + FRAME_HEAD + pageSize)])
    if (log.readUInt32BE(at + 4) === 0) continue // not the last of its commit
    for (const [number, page] of pending) committed.set(number, page)
    pending = []
  }
  return committed
}

function* leafRows(pages: Pages, page: Buffer, head: number): Generator<ScannedRow> {
  if (page[head] !== LEAF) return
  const cells = page.readUInt16BE(head + 3)
  if (head + 8 + 2 * cells > page.length) return
  for (let i = 0; i < cells; i++) {
    const row = readCell(pages, page, page.readUInt16BE(head + 8 + 2 * i))
    if (row) yield row
  }
}

/** @returns undefined for what is no whole row */
function readCell(pages: Pages, page: Buffer, at: number): ScannedRow | undefined {
  try {
    const size = readVarint(page, at)
    const rowid = readVarint(page, size.end)
    const payload = readPayload(pages, page, rowid.end, size.value)
    const columns = payload && readColumns(payload)
    return columns && { rowid: rowid.value, columns }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** What does not fit on the page is on a chain of overflow pages. */
function readPayload(pages: Pages, page: Buffer, at: number, size: number): Buffer | undefined {
  const most = pages.size - 35
  if (size <= most) return at + size <= page.length ? page.subarray(at, at + size) : undefined
  const least = Math.floor(((pages.size - 12) * 32) / 255) - 23
  const fitting = least + ((size - least) % (pages.size - 4))
  const local = fitting <= most ? fitting : least
  const parts = [page.subarray(at, at + local)]
  let left = size - local
  for (let next = page.readUInt32BE(at + local); left > 0; ) {
    const overflow = pages.read(next)
    if (!overflow) return undefined
    const part = Math.min(left, pages.size - 4)
    parts.push(overflow.subarray(4, 4 + part))
    left -= part
    next = overflow.readUInt32BE(0)
  }
  return Buffer.concat(parts)
}

const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8]

function readColumns(payload: Buffer): Column[] | undefined {
  const head = readVarint(payload, 0)
  const columns: Column[] = []
  let at = head.value
  for (let kindAt = head.end; kindAt < head.value; ) {
    const { value: kind, end } = readVarint(payload, kindAt)
    kindAt = end
    const length = kind < 7 ? INTEGER_BYTES[kind]! : kind === 7 ? 8 : kind < 12 ? 0 : (kind - (12 + (kind % 2))) / 2
    if (at + length > payload.length) return undefined
    columns.push(readColumn(payload, kind, at, length))
    at += length
  }
  return columns
}

function readColumn(payload: Buffer, kind: number, at: number, length: number): Column {
  if (kind === 0) return null
  if (kind === 6) return Number(payload.readBigInt64BE(at))
  if (kind === 7) return payload.readDoubleBE(at)
  if (kind < 7) return payload.readIntBE(at, length)
  if (kind < 12) return kind - 8 // the constants 0 and 1
  return kind % 2 === 1 ? payload.toString('utf8', at, at + length) : payload.subarray(at, at + length)
}

function readVarint(bytes: Buffer, at: number): { value: number; end: number } {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = bytes.readUInt8(at + i)
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return { value, end: at + i + 1 }
  }
  throw new RangeError('no number of ours is that long')
}
