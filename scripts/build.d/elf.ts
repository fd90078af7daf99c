// Takes from an executable the sections that are not loaded: debug information and the symbols' table, a seventh of the file.
// They lie behind everything that is loaded, so the file is cut there and gets a new table of sections.
// (ELF-64, little endian: elf(5). The tools that do this come with a compiler, which the build does without.)

/** Offsets within the file's header, and within a section's (Elf64_Ehdr, Elf64_Shdr). */
const FILE = { sectionsAt: 40, sectionCount: 60, namesIndex: 62, sectionBytes: 58 }
const SECTION = { name: 0, type: 4, flags: 8, offset: 24, size: 32 }
const HEADER_BYTES = 64
const NO_BITS = 8
const ALLOC = 2n

interface Section {
  readonly header: Buffer
  readonly name: string
  readonly isLoaded: boolean
  /** Where its bytes end in the file. */
  readonly end: number
}

/** @throws Error when the file is not of this kind, or has something loaded behind what would be cut */
export function stripElf(file: Buffer): Buffer {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1)
    throw new Error('expected ELF-64, little endian')
  if (file.readUInt16LE(FILE.sectionBytes) !== HEADER_BYTES) throw new Error('unknown size of section headers')
  const all = sections(file)
  const kept = all.filter(({ name, isLoaded }, index) => index === 0 || isLoaded || name === '.shstrtab')
  const loadedEnd = Math.max(...all.filter(({ isLoaded }) => isLoaded).map(({ end }) => end))
  if (kept.slice(0, -1).some((section, index) => section !== all[index])) {
    throw new Error('a section that is loaded lies behind one that is not')
  }
  return withSections(file.subarray(0, loadedEnd), kept)
}

function sections(file: Buffer): Section[] {
  const at = Number(file.readBigUInt64LE(FILE.sectionsAt))
  const headers = Array.from({ length: file.readUInt16LE(FILE.sectionCount) }, (_, index) =>
    file.subarray(at + index * HEADER_BYTES, at + (index + 1) * HEADER_BYTES),
  )
  const namesAt = offsetOf(headers[file.readUInt16LE(FILE.namesIndex)]!)
  return headers.map((header) => {
    const start = namesAt + header.readUInt32LE(SECTION.name)
    const size = header.readUInt32LE(SECTION.type) === NO_BITS ? 0 : Number(header.readBigUInt64LE(SECTION.size))
    return {
      header,
      name: file.toString('latin1', start, file.indexOf(0, start)),
      isLoaded: (header.readBigUInt64LE(SECTION.flags) & ALLOC) !== 0n,
      end: offsetOf(header) + size,
    }
  })
}

const offsetOf = (header: Buffer): number => Number(header.readBigUInt64LE(SECTION.offset))

/** The bytes with their sections' names and table behind them; the names are the last section. */
function withSections(loaded: Buffer, kept: readonly Section[]): Buffer {
  const names = Buffer.from(kept.map(({ name }) => `${name}\0`).join(''), 'latin1')
  const tableAt = (loaded.length + names.length + 7) & ~7
  const headers = kept.map(({ header }) => Buffer.from(header))
  let nameAt = 0
  for (const [index, header] of headers.entries()) {
    header.writeUInt32LE(nameAt, SECTION.name)
    nameAt += kept[index]!.name.length + 1
  }
  headers.at(-1)!.writeBigUInt64LE(BigInt(loaded.length), SECTION.offset)
  headers.at(-1)!.writeBigUInt64LE(BigInt(names.length), SECTION.size)
  const gap = Buffer.alloc(tableAt - loaded.length - names.length)
  const stripped = Buffer.concat([loaded, names, gap, ...headers])
  stripped.writeBigUInt64LE(BigInt(tableAt), FILE.sectionsAt)
  stripped.writeUInt16LE(kept.length, FILE.sectionCount)
  stripped.writeUInt16LE(kept.length - 1, FILE.namesIndex)
  return stripped
}
