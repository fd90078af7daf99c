// What the operator has set and what was published, kept outside of the gateway, and how both are found on the disk.

import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openForRead, openForWrite } from '../../../src/sqlite/open.ts'

/** A pool with its database in the data folder, and one that no backup takes. Each has a topic of its name. */
export const POOLS = ['in', 'out'] as const
export const PLUGIN = 'plugins/emqx_backend_sqlite.conf'
/** Beside the configuration, as a certificate would be. */
export const NOTE = 'certs/note.pem'

/** What an action changes together: numbers of the last one that did. */
export interface State {
  readonly config: number
  readonly note: number
  readonly users: readonly string[]
}

export interface Folders {
  readonly etc: string
  readonly data: string
  readonly port: number
  /** The file of pool `out`. */
  readonly out: string
}

/** The three files that a commit changes together. */
export function configOf({ port, out }: Folders, { config }: State, more = ''): Record<string, string> {
  const databases = { in: 'in.db', out }
  const pools = POOLS.map((pool) => `backend.sqlite.${pool}.database = ${databases[pool]}\n`)
  const hooks = POOLS.map((pool, i) => {
    const sql = 'insert into log (payload) values (${payload})'
    return `backend.sqlite.hook.message.publish.${i + 1} = ${JSON.stringify({ topic: pool, action: { sql }, pool })}\n`
  })
  return {
    'holdfast.conf': `listener.tcp.default = 127.0.0.1:${port}\nweb.listen = off\nauth.anonymous = on\n${more}mqtt.max_inflight = ${config + 1}\n`,
    'acl.conf': `user ${config}\ntopic readwrite #\n`,
    [PLUGIN]: `# ${config}\n${pools.join('')}${hooks.join('')}`,
  }
}

/** As the files have it. @throws AssertionError-like Error: the configuration is of two commits */
export function stateIn({ etc }: Folders): State {
  const number = (file: string, pattern: RegExp): number => Number(pattern.exec(text(join(etc, file)))?.[1])
  const config = number('holdfast.conf', /max_inflight = (\d+)/) - 1
  const others = [number('acl.conf', /^user (\d+)/), number(PLUGIN, /^# (\d+)/)]
  if (others.some((other) => other !== config)) throw new Error(`files of ${[config, ...others].join(', ')} at once`)
  const users = [...text(join(etc, 'passwd')).matchAll(/^(u\d+):/gm)].map(([, name]) => name!)
  return { config, note: number(NOTE, /(\d+)/), users: users.sort() }
}

const text = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')

export function makeTable(file: string): void {
  const db = openForWrite(file)
  db.exec('create table if not exists log (payload text)')
  db.close()
}

/** Payloads, in the order of writing. */
export function rowsIn(file: string): string[] {
  if (!existsSync(file)) return []
  const db = openForRead(file)
  try {
    return db.prepare<[], string>('select payload from log order by rowid').pluck().all()
  } finally {
    db.close()
  }
}

/** Payloads of all events that a journal still has, sent or not. */
export function eventsIn(file: string): string[] {
  if (!existsSync(file)) return []
  const db = openForRead(file)
  try {
    const records = db.prepare<[], Buffer>('select record from event order by seq').pluck().all()
    return records.flatMap((record) => /p\d:\d+;/.exec(record.toString('latin1'))?.[0] ?? [])
  } finally {
    db.close()
  }
}

/** Rows that are there twice, or behind a later one of their publisher's. */
export function disorderIn(name: string, rows: readonly string[]): string[] {
  const newest = new Map<string, number>()
  const seen = new Set<string>()
  return rows.flatMap((row) => {
    if (seen.has(row)) return [`${row} is there twice in ${name}`]
    seen.add(row)
    const [publisher = '', number] = row.slice(0, -1).split(':')
    const before = newest.get(publisher) ?? -1
    if (Number(number) <= before) return [`${row} is behind ${before} in ${name}`]
    newest.set(publisher, Number(number))
    return []
  })
}

const KNOWN =
  /^(?:(?:journal|in)\.db(?:-wal|-shm)?|journal\.db\.clean|lock(?:\.json|-journal)?|holdfast\.sock|trend|restored\.json|config\/(?:unfinished\.json|candidate\.json|versions\/\d+\.json)|backups\/(?:b\d+|before-[\dTZ-]+)\.tar\.gz|replaced\/.*)$/
const ETC = new Set(['holdfast.conf', 'acl.conf', PLUGIN, NOTE, 'loaded_plugins', 'passwd', 'tokens'])

/** Files that should not be there, or that others may read. */
export function litterIn({ etc, data }: Folders): string[] {
  const strange = [
    ...filesIn(data).filter((name) => !KNOWN.test(name)),
    ...filesIn(etc).filter((name) => !ETC.has(name)),
  ]
  const open = [etc, join(data, 'config'), join(data, 'backups')].flatMap((folder) =>
    filesIn(folder).filter((name) => lstatSync(join(folder, name)).mode & 0o077),
  )
  return [...strange.map((name) => `${name} is left`), ...open.map((name) => `others may read ${name}`)]
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}
