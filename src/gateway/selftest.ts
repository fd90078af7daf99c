// `holdfast selftest`: is this machine, with this card, fit for a gateway? It uses the parts that the gateway uses, on a journal of
// its own below the data folder, also beside a gateway that runs.

import { existsSync, rmdirSync, rmSync, statfsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { createLogger } from '../log/logger.ts'
import type { HoldfastError } from '../model/errors.ts'
import { type Journal, openJournal } from '../queue/journal.ts'
import { sqliteVersion } from '../sqlite/open.ts'
import { loadAddon } from '../system/addon.ts'
import { systemClock } from '../system/clock.ts'
import { freeBytes } from '../system/disk.ts'
import { partsIn } from '../system/program.ts'

export interface Finding {
  readonly what: string
  readonly grade: 'ok' | 'warn' | 'fail'
  readonly says: string
  /** What to do about it. */
  readonly hint?: string
  /** What was measured; the unit is last in the name. */
  readonly figures?: Readonly<Record<string, number>>
}

type Check = (dataDir: string) => Omit<Finding, 'what'> | Promise<Omit<Finding, 'what'>>

const MB = 1 << 20
/** Free on the disk: what a start takes beside `queue.reserve`, and what a day of an outage may. */
const SPACE = { least: 80 * MB, good: 256 * MB }
/** Longest time and most bytes (for the card's sake) that are written. */
const WRITES = { ms: 3000, bytes: 32 * MB, payload: 1000, inFlight: 1000 }
/** A client that waits for each acknowledgement sees each commit; a stall everybody sees. */
const COMMIT = { most: 200, slowMs: 50, stallMs: 1000 }
const SLOW_PER_SECOND = 200
/** Types of file systems (statfs(2)) that forget. */
const FORGETFUL: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'in memory only: its files are gone after a power cut'],
  [0x794c7630, 'a layer of a container: its files are gone when the container is made anew'],
])

const CHECKS: Readonly<Record<string, Check>> = { addons, clock, disk, commits, rate }

/** Each finding as soon as it is known. Nothing is left in `dataDir`, which need not be there. */
export async function* selftest(dataDir: string): AsyncGenerator<Finding> {
  for (const [what, check] of Object.entries(CHECKS)) {
    try {
      yield { what, ...(await check(resolve(dataDir))) }
    } catch (error) {
      const { message, hint } = error as HoldfastError
      yield { what, grade: 'fail', says: message, ...(hint && { hint }) }
    }
  }
}

function addons(): Omit<Finding, 'what'> {
  const files = partsIn('native').map((name) => basename(name)) // of the binary; a clone has none
  for (const name of files) loadAddon(name)
  const others = files.map((name) => basename(name, '.node')).filter((name) => name !== 'better-sqlite3')
  return { grade: 'ok', says: [`better-sqlite3 with SQLite ${sqliteVersion()}`, ...others].join(', ') }
}

function clock(): Omit<Finding, 'what'> {
  const clock = systemClock()
  const now = new Date(clock.now()).toISOString()
  if (clock.trusted()) return { grade: 'ok', says: `${now}, by ${clock.source()}` }
  const hint = 'start systemd-timesyncd or chrony; rows wait for the right time as long as clock.wait_for_sync says'
  return { grade: 'warn', says: `${now}, but nobody has set the clock since the machine started`, hint }
}

function disk(dataDir: string): Omit<Finding, 'what'> {
  const folder = nearest(dataDir)
  const free = freeBytes(folder)
  const says = `${Math.floor(free / MB)} MB free in ${folder}`
  const figures = { freeBytes: free }
  if (free < SPACE.least) return { grade: 'fail', says, figures, hint: `at least ${SPACE.least / MB} MB are needed` }
  const forgetful = FORGETFUL.get(statfsSync(folder).type)
  if (forgetful) return { grade: 'warn', says: `${says}, ${forgetful}`, figures, hint: 'name another with --data' }
  const hint = 'an outage of a database fills it soon: see queue.max_bytes and queue.full'
  return free < SPACE.good ? { grade: 'warn', says, figures, hint } : { grade: 'ok', says, figures }
}

function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder))
}

/** One message a commit. */
async function commits(dataDir: string): Promise<Omit<Finding, 'what'>> {
  const times: number[] = []
  await withJournal(dataDir, async (journal) => {
    const end = performance.now() + WRITES.ms
    while (times.length < COMMIT.most && performance.now() < end) {
      const begin = performance.now()
      await new Promise<void>((resolve, reject) => append(journal, (error) => (error ? reject(error) : resolve())))
      times.push(performance.now() - begin)
    }
  })
  times.sort((a, b) => a - b)
  const [medianMs, maxMs] = [rounded(times[times.length >> 1]!), rounded(times.at(-1)!)]
  const says = `a message is on disk after ${medianMs} ms, the slowest of ${times.length} after ${maxMs} ms`
  const figures = { medianMs, maxMs, commits: times.length }
  if (maxMs > COMMIT.stallMs) return { grade: 'warn', says, figures, hint: 'the card stalls: clients feel that' }
  const hint = `a client that waits for each acknowledgement sends ${Math.floor(1000 / medianMs)} a second: take another card`
  return medianMs > COMMIT.slowMs ? { grade: 'warn', says, figures, hint } : { grade: 'ok', says, figures }
}

/** Many messages in flight. */
async function rate(dataDir: string): Promise<Omit<Finding, 'what'>> {
  let [done, seconds] = [0, 0]
  await withJournal(dataDir, async (journal) => {
    const begin = performance.now()
    const isEnough = (): boolean => {
      seconds = (performance.now() - begin) / 1000
      return seconds * 1000 > WRITES.ms || done * WRITES.payload > WRITES.bytes
    }
    const one = async (): Promise<void> => {
      while (!isEnough()) {
        await new Promise<void>((resolve, reject) => append(journal, (error) => (error ? reject(error) : resolve())))
        done++
      }
    }
    await Promise.all(Array.from({ length: WRITES.inFlight }, one))
  })
  const perSecond = Math.floor(done / seconds)
  const says = `${perSecond} messages a second of ${WRITES.payload} bytes, with ${WRITES.inFlight} in flight`
  const figures = { perSecond }
  const hint = 'a site with more messages needs another card'
  return perSecond < SLOW_PER_SECOND ? { grade: 'warn', says, figures, hint } : { grade: 'ok', says, figures }
}

async function withJournal(dataDir: string, use: (journal: Journal) => Promise<void>): Promise<void> {
  const isNew = !existsSync(dataDir)
  const folder = join(dataDir, 'selftest')
  try {
    const journal = await openJournal({
      dataDir: folder,
      maxBytes: Number.MAX_SAFE_INTEGER,
      reserveBytes: 0,
      full: 'refuse',
      commitWindowMs: 0,
      retainMs: 0,
      tables: [],
      clock: systemClock(),
      log: createLogger({ level: 'silent', pretty: false }),
    })
    await use(journal).finally(() => journal.close())
  } finally {
    rmSync(folder, { recursive: true, force: true })
    if (isNew) rmdirSync(dataDir)
  }
}

const PAYLOAD = Buffer.alloc(WRITES.payload, 'x')

function append(journal: Journal, done: (error: Error | null) => void): void {
  const event = { hook: 'message.publish', clientid: 'selftest', topic: 'selftest', payload: PAYLOAD, qos: 1 } as const
  journal.append(event, journal.set([]), done)
}

const rounded = (ms: number): number => Number(ms.toPrecision(2))
