// What was published under which configuration, and where the rows of it may be.

import { join } from 'node:path'
import { openForRead, openForWrite } from '../../../src/sqlite/open.ts'
import type { Random } from '../../helpers/random.ts'

export const POOLS = ['a', 'b', 'c'] as const
export const TOPICS = ['t0', 't1', 't2', 't3'] as const
const TABLES = ['one', 'two'] as const

type Place = `${(typeof POOLS)[number]}.${(typeof TABLES)[number]}`

/** Which pools there are, and the place that a topic's messages go to. */
export interface Config {
  readonly pools: readonly string[]
  readonly routes: Readonly<Record<string, Place>>
}

/** All pools, a hook for each topic. */
export const WHOLE: Config = { pools: POOLS, routes: { t0: 'a.one', t1: 'b.one', t2: 'c.one', t3: 'a.two' } }

export function randomConfig(random: Random): Config {
  const pools = POOLS.filter(() => random.next() < 0.7)
  const routes: Record<string, Place> = {}
  for (const topic of TOPICS) {
    if (pools.length > 0 && random.next() < 0.8) routes[topic] = `${random.pick(pools)}.${random.pick(TABLES)}`
  }
  return { pools, routes }
}

/** As a file of the configuration. */
export function textOf({ pools, routes }: Config): string {
  const connections = pools.map((pool) => `backend.sqlite.${pool}.database = ${pool}.db\n`)
  const hooks = Object.entries(routes).map(([topic, place], i) => {
    const [pool, table] = place.split('.')
    const sql = `insert into ${table} (payload) values (\${payload})`
    return `backend.sqlite.hook.message.publish.${i + 1} = ${JSON.stringify({ topic, action: { sql }, pool })}\n`
  })
  return [...connections, ...hooks].join('')
}

export function makeTables(dataDir: string): void {
  for (const pool of POOLS) {
    const db = openForWrite(join(dataDir, `${pool}.db`))
    for (const table of TABLES) db.exec(`create table ${table} (payload text)`)
    db.close()
  }
}

/** Acknowledged messages, by number: the places one of which has the row, undefined for none. */
export type Published = ReadonlyMap<number, ReadonlySet<Place | undefined>>

/** @returns what is wrong with the rows that there are */
export function audit(dataDir: string, published: Published, unanswered: ReadonlySet<number>): string[] {
  const faults: string[] = []
  const found = new Map<number, Place>()
  for (const pool of POOLS) {
    const db = openForRead(join(dataDir, `${pool}.db`))
    for (const table of TABLES) {
      let newest = -1
      for (const payload of db.prepare<[], string>(`select payload from ${table} order by rowid`).pluck().iterate()) {
        const number = Number(payload)
        if (number <= newest) faults.push(`${number} is behind ${newest} in ${pool}.${table}`)
        if (found.has(number)) faults.push(`${number} is in ${found.get(number)} and in ${pool}.${table}`)
        newest = number
        found.set(number, `${pool}.${table}`)
      }
    }
    db.close()
  }
  for (const [number, places] of published) {
    if (places.has(found.get(number))) continue
    faults.push(`${number} is in ${found.get(number) ?? 'no table'}, not in ${[...places].join(' or ')}`)
  }
  for (const number of found.keys()) {
    if (!published.has(number) && !unanswered.has(number)) faults.push(`${number} was never published`)
  }
  return faults
}
