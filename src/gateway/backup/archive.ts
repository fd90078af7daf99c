// A backup as a file: tar in gzip, as everybody can look into. What is read from one was made by anybody: only plain files with
// names of a backup count, nothing is written while reading, and the bounds hold for what it says and for what it unpacks to.

import { createReadStream, createWriteStream, rmSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { HoldfastError } from '../../model/errors.ts'

/** Contents by name. */
export type Archived = ReadonlyMap<string, Buffer>

export const BOUNDS = { files: 500, fileBytes: 1 << 20, bytes: 16 << 20 } as const
const OWNER_ONLY = 0o600
/** Of the whole, as it is on the disk: what is compressed better than this is no configuration. */
const PACKED_BYTES = BOUNDS.bytes

export async function pack(files: Archived): Promise<Buffer> {
  const { default: tar } = await import('tar-stream')
  const archive = tar.pack()
  for (const [name, content] of files) archive.entry({ name, mode: OWNER_ONLY, mtime: new Date(0) }, content)
  archive.finalize()
  const chunks: Buffer[] = []
  await pipeline(archive, createGzip(), async (packed: AsyncIterable<Buffer>) => {
    for await (const chunk of packed) chunks.push(chunk)
  })
  return Buffer.concat(chunks)
}

/** What comes from elsewhere is kept as it is, if it is no larger than a backup may be. @throws HoldfastError TOO_LARGE, NOT_WRITABLE */
export async function take(source: Readable, path: string): Promise<void> {
  try {
    const file = createWriteStream(path, { flags: 'wx', mode: OWNER_ONLY, flush: true })
    await pipeline(source, bounded(PACKED_BYTES), file)
  } catch (error) {
    rmSync(path, { force: true })
    if (error instanceof HoldfastError)
      throw new HoldfastError('TOO_LARGE', `a backup has at most ${PACKED_BYTES} bytes`)
    throw new HoldfastError('NOT_TAKEN', `the backup did not come whole: ${(error as Error).message}`, { cause: error })
  }
}

/** @throws HoldfastError BAD_BACKUP, which says what is wrong with it; NO_FILE */
export async function unpack(path: string): Promise<Archived> {
  const { default: tar } = await import('tar-stream')
  const files = new Map<string, Buffer>()
  const archive = tar.extract()
  let bytes = 0
  archive.on('entry', (header, stream, next) => {
    stream.on('error', () => {}) // it ends with the archive, which tells why
    const fault = entryFault(header, files)
    if (fault) return void archive.destroy(new HoldfastError('BAD_BACKUP', fault))
    bytes += header.size ?? 0
    if (bytes > BOUNDS.bytes) return void archive.destroy(tooLarge())
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      if (header.type === 'file') files.set(header.name, Buffer.concat(chunks))
      next()
    })
  })
  try {
    await pipeline(createReadStream(path), bounded(PACKED_BYTES), createGunzip(), bounded(2 * BOUNDS.bytes), archive)
  } catch (error) {
    throw explained(error, path)
  }
  return files
}

interface Header {
  readonly name: string
  readonly type?: string | null | undefined
  readonly size?: number | undefined
}

const NAME = /^(?:holdfast\.json|etc(?:\/[\w@+-][\w.@+-]*){1,3})$/

function entryFault({ name, type, size = 0 }: Header, files: Archived): string | undefined {
  if (type === 'directory') return undefined
  if (type !== 'file') return `it holds a ${type ?? 'thing'} '${name}', where only files may be`
  if (!NAME.test(name)) return `it holds '${name}', which is no file of a backup`
  if (files.has(name)) return `it holds '${name}' twice`
  if (files.size >= BOUNDS.files) return `it holds more than ${BOUNDS.files} files`
  return size > BOUNDS.fileBytes ? `it holds '${name}' with ${size} bytes; ${BOUNDS.fileBytes} is the most` : undefined
}

/** Passes so many bytes on. */
function bounded(most: number) {
  return async function* (chunks: AsyncIterable<Buffer>) {
    let bytes = 0
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > most) throw tooLarge()
      yield chunk
    }
  }
}

const tooLarge = (): HoldfastError =>
  new HoldfastError('BAD_BACKUP', `it would unpack to more than ${BOUNDS.bytes} bytes`)

function explained(error: unknown, path: string): unknown {
  if (error instanceof HoldfastError) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  if (/^(ENOENT|EACCES|EISDIR|ENOTDIR)$/.test(code)) {
    return new HoldfastError('NO_FILE', `${path} can't be read (${code})`, { cause: error })
  }
  return new HoldfastError('BAD_BACKUP', `it is no backup, or damaged: ${message}`, { cause: error })
}
