// The configuration with users, access rules, operators, tokens and certificates, as one file; and back again. Where it is asked for
// the journal and the embedded databases come with it: copied while the gateway runs, put back by the next start.

import {
  type Dirent,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, isAbsolute, join, relative } from 'node:path'
import type { Readable } from 'node:stream'
import type { Logger } from '../../log/logger.ts'
import type { PoolId } from '../../model/binding.ts'
import { HoldfastError } from '../../model/errors.ts'
import { lookInto } from '../../queue/closed-journal.ts'
import type { Journal } from '../../queue/journal.ts'
import { assertStartable, JOURNAL_FILE } from '../../queue/startup.ts'
import { LOCAL_TABLES } from '../../store/store.ts'
import type { Clock } from '../../system/clock.ts'
import { dropHalfMade, freeBytes } from '../../system/disk.ts'
import type { Caller } from '../commands/command.ts'
import { poolsOf } from '../config/changes.ts'
import { isFileName } from '../config/files.ts'
import type { Committed, ConfigTransaction, Pending } from '../config/transaction.ts'
import { databasesIn, dropCopies, holdingRows, poolsWithin, withCopies } from '../databases.ts'
import { ConfigFaults, type Configuration, readConfiguration } from '../load.ts'
import { OPERATORS_FILE } from '../settings.ts'
import { VERSION } from '../version.ts'
import { type Archived, BOUNDS, isArchived, type Linked, pack, take, unpack, unpackLarge } from './archive.ts'
import { keepOthers, putBackOthers, putOthers } from './others.ts'
import { dropUnready, journalsBefore, makeReady, makeUnready, noteJournals } from './restored-queue.ts'

const OWNER_ONLY = 0o600
const FORMAT = 1
const ABOUT = 'holdfast.json'
const NAME = /^[\w@+-][\w.@+-]{0,199}$/
/** In the data folder. */
const MOST = 50
/** Of those that a restore has made; somebody's own `before-update.tar.gz` is none. */
const MOST_BEFORE = 5
const BEFORE = 'before'
const MADE_BEFORE = new RegExp(`^${BEFORE}-\\d{4}-\\d\\d-\\d\\dT[\\d-]+Z\\.tar\\.gz$`)
/** Of one that comes from elsewhere. */
const COMING = '.coming'

/** `holdfast.json` of a backup. */
export interface About {
  readonly format: number
  readonly version: string
  readonly node: string
  /** ISO time. */
  readonly at: string
}

export interface BackupOptions {
  readonly etcDir: string
  readonly dataDir: string
  readonly node: string
  readonly clock: Clock
  readonly config: ConfigTransaction
  readonly journal: Pick<Journal, 'identity' | 'reader' | 'setFloor'>
  readonly log: Logger
}

export interface Written {
  readonly bytes: number
  readonly files: number
  /** Links to folders in etc. */
  readonly leftOut: readonly string[]
}

export interface RestoreOptions {
  readonly pending?: Pending | undefined
  /** Also the journal and the embedded databases. */
  readonly queue?: boolean | undefined
  /** Although what waits in it may have been sent from here since. */
  readonly again?: boolean | undefined
}

export interface Restored extends Committed {
  readonly about: About
  /** The backup of what there was. */
  readonly before: string
  /** Names of those that are put in place at the next start. */
  readonly databases: readonly string[]
  readonly hasQueue: boolean
}

const isOfEtc = (name: string): boolean => name.startsWith('etc/')

export class Backups {
  readonly #o: BackupOptions
  #isBusy = false

  constructor(options: BackupOptions) {
    this.#o = options
  }

  /** Takes away what power cuts left half made here and in the configuration: it may be gigabytes, and has secrets. */
  clean(): void {
    const { dataDir, etcDir } = this.#o
    dropUnready(dataDir)
    dropCopies(dataDir)
    rmSync(this.#checked, { recursive: true, force: true })
    rmSync(join(this.folder, COMING), { force: true })
    for (const folder of [dataDir, this.folder, join(dataDir, 'tls')]) dropHalfMade(folder)
    for (const folder of [etcDir, join(dataDir, 'config')]) dropHalfMade(folder, { below: true })
  }

  /** Where backups are that are named without a folder. */
  get folder(): string {
    return join(this.#o.dataDir, 'backups')
  }

  /**
   * Who comes over the network names no folder: the file is among the others.
   * @throws HoldfastError BAD_FILE
   */
  pathOf(file: string, { from }: Caller): string {
    if (NAME.test(file)) return join(this.folder, file)
    if (from === 'ctl' && isAbsolute(file)) return file
    throw new HoldfastError('BAD_FILE', `expected a file's name without a folder, not '${file}'`, {
      hint: `it is in ${this.folder}`,
    })
  }

  /** A name that says whose it is, and when it was made. */
  newName(first = this.#o.node): string {
    const moment = new Date(this.#o.clock.now()).toISOString().replace(/[:.]/g, '-')
    return `${first.replace(/[^\w-]/g, '-')}-${moment}.tar.gz`
  }

  /**
   * @param queue also the journal and the embedded databases
   * @returns its bytes, and how many files are in it. @throws HoldfastError EXISTS, TOO_MANY_BACKUPS, NO_ROOM, NOT_WRITABLE, DROPPING, BUSY
   */
  write(path: string, caller: Caller, { queue = false } = {}): Promise<Written> {
    const { dataDir, config, journal } = this.#o
    return this.#alone(async () => {
      if (!queue) return this.#write(path, caller)
      const pools = [...poolsOf(config.running).values()]
      const databases = databasesIn(dataDir, pools)
      return holdingRows(journal, poolsWithin(databases, dataDir, pools), (held) =>
        withCopies({ dataDir, databases, room: this.#room() }, (copies) => {
          held.assertIn(copies.at(-1)!.file)
          return this.#write(path, caller, copies)
        }),
      )
    })
  }

  /** Keeps one that comes from elsewhere; nothing of it counts. @throws HoldfastError EXISTS, TOO_MANY_BACKUPS, TOO_LARGE, BAD_BACKUP, BUSY, … */
  take(path: string, source: Readable, caller: Caller): Promise<About> {
    return this.#alone(async () => {
      this.#assertRoom(path)
      const coming = join(this.folder, COMING)
      try {
        await take(source, coming)
        const { about } = await contentOf(coming)
        renameSync(coming, path)
        this.say('backup_taken', path, caller)
        return about
      } finally {
        rmSync(coming, { force: true })
      }
    })
  }

  /** @throws HoldfastError NO_SUCH_BACKUP */
  remove(path: string, caller: Caller): void {
    this.assertThere(path)
    rmSync(path)
    this.say('backup_removed', path, caller)
  }

  /** @throws HoldfastError NO_SUCH_BACKUP */
  assertThere(path: string): void {
    if (this.list().some(({ file }) => join(this.folder, file) === path)) return
    throw new HoldfastError('NO_SUCH_BACKUP', `there is no backup ${basename(path)}`, { hint: '`backups` lists them' })
  }

  /** Newest first. */
  list(): { file: string; bytes: number; at: string }[] {
    if (!existsSync(this.folder)) return []
    return readdirSync(this.folder)
      .filter((file) => NAME.test(file))
      .map((file) => ({ file, stat: lstatSync(join(this.folder, file)) }))
      .filter(({ stat }) => stat.isFile())
      .sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs)
      .map(({ file, stat: { size, mtimeMs } }) => ({ file, bytes: size, at: new Date(mtimeMs).toISOString() }))
  }

  /** What a backup went through, for who asks later who has the secrets in it. */
  say(message: string, path: string, { who, from }: Caller): void {
    this.#o.log.info({ file: path, who, from }, message)
  }

  #assertRoom(path: string): void {
    if (existsSync(path)) throw new HoldfastError('EXISTS', `${path} is there already`, { hint: 'choose another name' })
    if (dirname(path) !== this.folder) return
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    if (this.list().length < MOST) return
    throw new HoldfastError('TOO_MANY_BACKUPS', `there are ${MOST} backups already`, {
      hint: '`backup remove FILE` makes room',
    })
  }

  /** What is in a backup. @throws HoldfastError BAD_BACKUP, NO_FILE, BUSY */
  about(path: string): Promise<Content> {
    return this.#alone(() => contentOf(path))
  }

  /**
   * Checked as a whole, then taken up as a commit is; what there was before is in a backup of its own. The queue counts from the next
   * start on, if it is wanted.
   * @throws ConfigFaults; HoldfastError BAD_BACKUP, NO_FILE, NO_QUEUE, NO_ROOM, SENT_TWICE, BUSY, what a commit is refused for
   */
  restore(path: string, caller: Caller, { pending, queue = false, again = false }: RestoreOptions): Promise<Restored> {
    const { etcDir, dataDir, config } = this.#o
    return this.#alone(async () => {
      const { files: archived, hasLarge } = await unpack(path)
      const about = aboutOf(archived)
      const files = new Map(
        [...archived].flatMap(([name, content]) => (isOfEtc(name) ? [[name.slice(4), content]] : [])),
      )
      const next = this.#check(files)
      if (queue && !hasLarge) throw new HoldfastError('NO_QUEUE', 'there is no queue in this backup')
      for (const { file } of this.#madeBefore().slice(MOST_BEFORE - 1)) rmSync(join(this.folder, file))
      const before = join(this.folder, this.newName(BEFORE))
      await this.#write(before, caller)
      try {
        const databases = queue ? await this.#unpackQueue(path, next, again) : []
        const comment = `restored: the backup of ${about.node}, ${about.at}`
        const own = new Map([...files].filter(([name]) => isFileName(name)))
        const others = new Map([...files].filter(([name]) => !isFileName(name)))
        putOthers(etcDir, dataDir, { others, config: own })
        const committed = await config.replace(caller, own, { comment, pending })
        makeReady(dataDir)
        keepOthers(dataDir)
        this.say('backup_restored', path, caller)
        return { ...committed, about, before, databases, hasQueue: hasLarge }
      } catch (error) {
        putBackOthers(etcDir, dataDir)
        rmSync(before)
        throw error
      } finally {
        dropUnready(dataDir)
      }
    })
  }

  async #write(path: string, caller: Caller, copies: readonly Linked[] = []): Promise<Written> {
    this.#assertRoom(path)
    const files = this.#collect()
    const large = copies.map(({ name, file }) => ({ name: `data/${name}`, file }))
    try {
      const bytes = await pack(path, files, large)
      this.say('backup_written', path, caller)
      return { bytes, files: files.size - 1 + large.length, leftOut: this.#linkedFolders() }
    } catch (cause) {
      throw new HoldfastError('NOT_WRITABLE', `the backup can't be written: ${(cause as Error).message}`, { cause })
    }
  }

  /** @returns names of the databases that lie ready to be put in place. @throws HoldfastError BAD_BACKUP, NO_ROOM, SENT_TWICE */
  async #unpackQueue(path: string, next: Configuration, again: boolean): Promise<string[]> {
    const { dataDir, clock } = this.#o
    const names = [...databasesIn(dataDir, poolsOf(next).values()), JOURNAL_FILE]
    const folder = makeUnready(dataDir)
    const found = await unpackLarge(path, folder, { names, room: this.#room() })
    if (found.includes(JOURNAL_FILE)) {
      assertStartable(join(folder, JOURNAL_FILE), { tables: LOCAL_TABLES, clock })
      const { id, forStatements } = lookInto(join(folder, JOURNAL_FILE))
      const own = poolsWithin(found, dataDir, poolsOf(next).values()) // they go back, too
      if (!again)
        this.#assertNotSent(
          id,
          [...forStatements].filter(([pool]) => !own.has(pool)),
        )
      noteJournals(dataDir, [id, this.#o.journal.identity.id])
    }
    return found
  }

  /** What waits in a journal that has run on here since was sent by that, most likely. @throws HoldfastError SENT_TWICE */
  #assertNotSent(journal: string, waiting: readonly [pool: PoolId, events: number][]): void {
    const ran = [...journalsBefore(this.#o.dataDir), this.#o.journal.identity.id]
    if (waiting.length === 0 || !ran.includes(journal)) return
    const each = waiting.map(([pool, events]) => `${pool} (up to ${events})`).join(', ')
    throw new HoldfastError('SENT_TWICE', `events that wait in this queue may have been sent since, for ${each}`, {
      hint: 'their custom statements would write them a second time; --again sends them all the same, without --queue the queue stays as it is',
    })
  }

  /** Bytes. */
  #room(): number {
    const { dataDir, config } = this.#o
    return freeBytes(dataDir) - config.running.gateway['queue.reserve']
  }

  /** One at a time. @throws HoldfastError BUSY */
  async #alone<T>(act: () => Promise<T>): Promise<T> {
    if (this.#isBusy) throw new HoldfastError('BUSY', 'another backup is being made, brought or restored')
    this.#isBusy = true
    try {
      return await act()
    } finally {
      this.#isBusy = false
    }
  }

  /** By restores; newest first. */
  #madeBefore() {
    return this.list().filter(({ file }) => MADE_BEFORE.test(file))
  }

  /** Names of all files in etc, also of those that no backup holds. */
  files(): string[] {
    return this.#entries((entry, target) => entry.isFile() || target?.isFile())
  }

  /** What is behind one is as large as it likes, and not ours to write at a restore. */
  #linkedFolders(): string[] {
    return this.#entries((_, target) => target?.isDirectory())
  }

  /** @param isWanted target: what a link leads to */
  #entries(isWanted: (entry: Dirent, target: Stats | undefined) => boolean | undefined): string[] {
    const { etcDir } = this.#o
    return readdirSync(etcDir, { recursive: true, withFileTypes: true }).flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      const target = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : undefined
      return isWanted(entry, target) ? [relative(etcDir, path)] : []
    })
  }

  /** Every plain file of etc, but hidden ones. @throws HoldfastError TOO_LARGE */
  #collect(): Archived {
    const { etcDir, node, clock, config } = this.#o
    const about: About = { format: FORMAT, version: VERSION, node, at: new Date(clock.now()).toISOString() }
    const files = new Map([[ABOUT, Buffer.from(`${JSON.stringify(about, null, 1)}\n`)]])
    // a restore leaves no user and no token that the backup does not know
    for (const name of ['tokens', relative(etcDir, config.running.gateway['auth.file'])]) {
      if (isArchived(`etc/${name}`)) files.set(`etc/${name}`, Buffer.alloc(0))
    }
    let bytes = 0
    for (const file of this.files()) {
      const [name, path] = [`etc/${file}`, join(etcDir, file)]
      if (!isArchived(name)) continue
      const content = readFileSync(path)
      bytes += content.length
      if (content.length > BOUNDS.fileBytes || bytes > BOUNDS.bytes || files.size >= BOUNDS.files) {
        throw new HoldfastError('TOO_LARGE', `${path}: the configuration has more than a backup may hold`, {
          hint: `${BOUNDS.files} files, ${BOUNDS.fileBytes} bytes each, ${BOUNDS.bytes} in all`,
        })
      }
      files.set(name, content)
    }
    return files
  }

  /** Where the files of a backup lie while they are read. */
  get #checked(): string {
    return join(this.#o.dataDir, '.restore-etc')
  }

  /** Read as if it were there already, with all that its files name. @throws ConfigFaults */
  #check(files: Archived): Configuration {
    const { etcDir } = this.#o
    const folder = this.#checked
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    try {
      for (const [name, content] of files) {
        mkdirSync(dirname(join(folder, name)), { recursive: true })
        writeFileSync(join(folder, name), content, { mode: OWNER_ONLY })
      }
      const there = ({ file }: { file: string }): string => join(etcDir, relative(folder, file))
      const next = readConfiguration(folder)
      const faults = next.faults.map((fault) => ({ ...fault, file: there(fault) }))
      if (faults.some(({ severity }) => severity === 'error')) throw new ConfigFaults(faults).whileRunning()
      return next
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

function aboutOf(files: Archived): About {
  const text = files.get(ABOUT)?.toString()
  try {
    const about = JSON.parse(text ?? '') as About
    if (about.format === FORMAT && files.has('etc/holdfast.conf')) return about
  } catch {}
  throw new HoldfastError(
    'BAD_BACKUP',
    text === undefined ? `it has no ${ABOUT}` : 'it is of another version of Holdfast',
  )
}

interface Content {
  readonly about: About
  readonly hasQueue: boolean
  readonly hasOperators: boolean
}

/** Unpacks it in memory. */
async function contentOf(path: string): Promise<Content> {
  const { files, hasLarge } = await unpack(path)
  return { about: aboutOf(files), hasQueue: hasLarge, hasOperators: files.has(`etc/${OPERATORS_FILE}`) }
}
