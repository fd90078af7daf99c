// What SQLite's header says of each of our journals alike. Believed when wrong, it costs the whole file: with another page
// size SQLite cuts the file off when it is closed, with another version of the format it does not open it.

import fs from 'node:fs'
import { PAGE_SIZE } from './schema.ts'

/** Big-endian; of several, the last is what it is mended to. https://sqlite.org/fileformat2.html#the_database_header */
const FIELDS: readonly { readonly at: number; readonly may: readonly string[] }[] = [
  { at: 0, may: [Buffer.from('SQLite format 3\0').toString('hex')] },
  { at: 16, may: [PAGE_SIZE.toString(16).padStart(4, '0')] },
  // versions for write and read: until the journal is a write-ahead log, and then
  { at: 18, may: ['0101', '0202'] },
  { at: 20, may: ['00402020'] },
  // the schema's format, and the text encoding: until there are tables, and then
  { at: 44, may: ['00000000', '00000004'] },
  { at: 56, may: ['00000000', '00000001'] },
]

/** @returns whether there was something to mend, and with it perhaps more */
export function mendHeader(file: string): boolean {
  const descriptor = fs.openSync(file, 'r+')
  try {
    const header = Buffer.alloc(100)
    if (fs.readSync(descriptor, header, 0, header.length, 0) < header.length) return false // new, or no database at all
    const wrong = FIELDS.filter(({ at, may }) => !may.includes(header.toString('hex', at, at + may[0]!.length / 2)))
    for (const { at, may } of wrong) fs.writeSync(descriptor, Buffer.from(may.at(-1)!, 'hex'), 0, null, at)
    if (wrong.length > 0) fs.fsyncSync(descriptor)
    return wrong.length > 0
  } finally {
    fs.closeSync(descriptor)
  }
}
