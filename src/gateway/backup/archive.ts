// A backup as a file: tar in gzip, as everybody can look into. What is read from one was made by anybody: only plain files with
// names of a backup count, nothing is written while reading, and the bounds hold for what it says and for what it unpacks to.

import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { HoldfastError } from '../../model/errors.ts'
import { madeBeside, syncFolder } from '../../system/disk.ts'

/** Contents by name. */
export type Archived = ReadonlyMap<string, Buffer>

export const BOUNDS = { files: 500, fileBytes: 1 << 20, bytes: 16 << 20 } as const
const OWNER_ONLY = 0o600
/** Of the whole, as it is on the disk: what is compressed better than this is no configuration. */
const PACKED_BYTES = BOUNDS.bytes
/** Between the starts of two entries, without the contents of large ones: tar's long headers are read into memory. */
const HEADER_BYTES = 2 * BOUNDS.fileBytes

/** A file on the disk, under another name. */
export interface Linked {
  readonly name: string
  readonly file: string
}

/** Writes the whole, or nothing. @param large come behind the others, and are never in memory. @returns its bytes */
export async function pack(path: string, files: Archived, large: readonly Linked[] = []): Promise<number> {
  const { default: tar } = await import('tar-stream')
  const coming = madeBeside(path)
  const archive = tar.pack()
  const head = { mode: OWNER_ONLY, mtime: new Date(0) }
  const fill = async (): Promise<void> => {
    for (const [name, content] of files) archive.entry({ ...head, name }, content)
    for (const { name, file } of large) {
      await pipeline(createReadStream(file), archive.entry({ ...head, name, size: statSync(file).size }))
    }
    archive.finalize()
  }
  try {
    rmSync(coming, { force: true }) // of before a power cut; it may be in any folder
    const file = createWriteStream(coming, { flags: 'wx', mode: OWNER_ONLY, flush: true })
    await Promise.all([pipeline(archive, createGzip({ level: large.length > 0 ? 1 : 6 }), file), fill()])
    renameSync(coming, path)
    syncFolder(dirname(path))
    return statSync(path).size
  } finally {
    rmSync(coming, { force: true })
  }
}

/** What comes from elsewhere is kept as it is, if it is no larger than a backup may be. @throws HoldfastError TOO_LARGE, NOT_TAKEN */
export async function take(source: Readable, path: string): Promise<void> {
  try {
    const file = createWriteStream(path, { flags: 'wx', mode: OWNER_ONLY, flush: true })
    const fault = new HoldfastError('TOO_LARGE', `a backup has at most ${PACKED_BYTES} bytes`)
    await pipeline(source, bounded(PACKED_BYTES, fault), file)
  } catch (error) {
    rmSync(path, { force: true })
    if (error instanceof HoldfastError) throw error
    throw new HoldfastError('NOT_TAKEN', `the backup did not come whole: ${(error as Error).message}`, { cause: error })
  }
}

export interface Unpacked {
  readonly files: Archived
  /** Behind them there is more, which `unpackLarge` has. */
  readonly hasLarge: boolean
}

/** @throws HoldfastError BAD_BACKUP, which says what is wrong with it; NO_FILE */
export async function unpack(path: string): Promise<Unpacked> {
  const files = new Map<string, Buffer>()
  let bytes = 0
  for await (const entry of entries(path, { packed: PACKED_BYTES, bytes: 2 * BOUNDS.bytes })) {
    const { header } = entry
    const fault = entryFault(header, files)
    if (fault) throw new HoldfastError('BAD_BACKUP', fault)
    if (LARGE.test(header.name)) return { files, hasLarge: true }
    bytes += header.size ?? 0
    if (bytes > BOUNDS.bytes) throw tooLarge(BOUNDS.bytes)
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    if (header.type === 'file') files.set(header.name, Buffer.concat(chunks))
  }
  return { files, hasLarge: false }
}

export interface LargeOptions {
  /** That may come. */
  readonly names: readonly string[]
  /** Bytes. */
  readonly room: number
}

/** Writes what comes behind the files of a backup into a folder. @returns names. @throws HoldfastError BAD_BACKUP, NO_FILE, NO_ROOM */
export async function unpackLarge(path: string, folder: string, { names, room }: LargeOptions): Promise<string[]> {
  const found: string[] = []
  let bytes = 0
  for await (const entry of entries(path, { packed: Number.POSITIVE_INFINITY, bytes: room + 2 * BOUNDS.bytes })) {
    const { name, type, size = 0 } = entry.header
    const own = LARGE.exec(name)?.[1]
    if (own === undefined || type !== 'file') {
      entry.resume()
      continue
    }
    if (!names.includes(own) || found.includes(own))
      throw new HoldfastError('BAD_BACKUP', `it holds '${name}' twice, or where none of its pools has a database`)
    bytes += size
    if (bytes > room) throw new HoldfastError('NO_ROOM', `there is no room for ${bytes} bytes of it: ${room} are free`)
    mkdirSync(dirname(join(folder, own)), { recursive: true, mode: 0o700 })
    await pipeline(entry, createWriteStream(join(folder, own), { flags: 'wx', mode: OWNER_ONLY, flush: true }))
    syncFolder(dirname(join(folder, own)))
    found.push(own)
  }
  return found
}

/** With what is packed and what it unpacks to bounded, whatever it says of itself. */
async function* entries(path: string, most: { packed: number; bytes: number }) {
  const { default: tar } = await import('tar-stream')
  const archive = tar.extract()
  let isRead = false
  let between = 0
  const headers = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      between = isRead ? 0 : between + chunk.length
      if (between > HEADER_BYTES) throw new HoldfastError('BAD_BACKUP', `it has ${between} bytes that are no file`)
      yield chunk
    }
  }
  const failure = pipeline(
    ...[createReadStream(path), bounded(most.packed), createGunzip(), bounded(most.bytes), headers, archive],
  ).then(
    () => undefined,
    (error: unknown) => error,
  )
  try {
    for await (const entry of archive) {
      between = 0
      isRead = true
      entry.once('end', () => {
        isRead = false // what comes next may be read before who has this one is done
      })
      yield entry
      isRead = false
    }
  } catch (error) {
    throw explained((await failure) ?? error, path)
  }
  const error = await failure
  if (error) throw explained(error, path)
}

interface Header {
  readonly name: string
  readonly type?: string | null | undefined
  readonly size?: number | undefined
}

/** Databases: those of the data folder. */
const LARGE = /^data\/((?:[^/.\x00-\x1f][^/\x00-\x1f]*\/){0,8}[^/.\x00-\x1f][^/\x00-\x1f]*)$/
const NAME = /^(?:holdfast\.json|etc(?:\/[^/.\x00-\x1f][^/\x00-\x1f]*){1,9})$/

/** Not hidden, not deep: what editors leave is no part of a configuration. */
export const isArchived = (name: string): boolean => NAME.test(name) || LARGE.test(name)

function entryFault({ name, type, size = 0 }: Header, files: Archived): string | undefined {
  if (type === 'directory') return undefined
  if (type !== 'file') return `it holds a ${type ?? 'thing'} '${name}', where only files may be`
  if (LARGE.test(name)) return undefined
  if (!NAME.test(name)) return `it holds '${name}', which is no file of a backup`
  if (files.has(name)) return `it holds '${name}' twice`
  if (files.size >= BOUNDS.files) return `it holds more than ${BOUNDS.files} files`
  return size > BOUNDS.fileBytes ? `it holds '${name}' with ${size} bytes; ${BOUNDS.fileBytes} is the most` : undefined
}

/** Passes so many bytes on; more are a fault. */
function bounded(most: number, fault = tooLarge(most)) {
  return async function* (chunks: AsyncIterable<Buffer>) {
    let bytes = 0
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > most) throw fault
      yield chunk
    }
  }
}

const tooLarge = (bytes: number): HoldfastError =>
  new HoldfastError('BAD_BACKUP', `it would unpack to more than ${bytes} bytes`)

function explained(error: unknown, path: string): unknown {
  if (error instanceof HoldfastError) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  if (/^(ENOENT|EACCES|EISDIR|ENOTDIR)$/.test(code)) {
    return new HoldfastError('NO_FILE', `${path} can't be read (${code})`, { cause: error })
  }
  return new HoldfastError('BAD_BACKUP', `it is no backup, or damaged: ${message}`, { cause: error })
}
