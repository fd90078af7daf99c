import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '../../src/log/logger.ts'
import { type Journal, openJournal } from '../../src/queue/journal.ts'
import { type Bench, median, type Rounds } from './figure.ts'

const FEW = 10_000
const MANY = 10_000_000
/** Appends that wait for the disk at a time. */
const OUTSTANDING = 1000
const BLOCK = 1000
/** Of each journal in a round; the small one grows by so many. */
const BLOCKS = 50

export const append: Bench = {
  about: `an append to the journal with ${MANY / 1e6}M events queued, against one with ${FEW / 1e3}k`,
  async run(rounds) {
    const large = await scratch()
    try {
      await fill(large, rounds)
      const costs = { few: [] as number[], many: [] as number[] }
      for (let round = 1; round <= rounds.rounds; round++) {
        rounds.say(`appending (${round}/${rounds.rounds})`)
        const { few, many } = await compare(large)
        costs.few.push(few)
        costs.many.push(many)
      }
      return [
        {
          what: `with ${MANY / 1e6}M queued`,
          unit: 'µs/event',
          value: median(costs.many),
          peer: { name: `with ${FEW / 1e3}k queued`, value: median(costs.few) },
          goal: { atMost: 1.1 },
          detail: costs,
        },
      ]
    } finally {
      await large.remove()
    }
  },
}

interface Scratch {
  readonly journal: Journal
  /** The set of its one binding, whose pool nobody drains. */
  readonly set: number
  remove(): Promise<void>
}

async function scratch(): Promise<Scratch> {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-append-'))
  const journal = await openJournal({
    dataDir,
    maxBytes: Number.MAX_SAFE_INTEGER,
    reserveBytes: 0,
    full: 'refuse',
    commitWindowMs: 20,
    retainMs: 24 * 3600_000,
    tables: [],
    clock: { now: Date.now, trusted: () => true },
    log: createLogger({ level: 'error', pretty: false }),
  })
  const [binding] = await journal.intern([
    {
      pool: 'pgsql.nowhere',
      hook: 'message.publish',
      order: 1,
      action: { function: 'on_message_publish' },
      options: {},
    },
  ])
  const remove = async (): Promise<void> => {
    await journal.close()
    rmSync(dataDir, { recursive: true })
  }
  return { journal, set: journal.set([binding!]), remove }
}

async function fill(large: Scratch, { say }: Rounds): Promise<void> {
  for (let done = 0; done < MANY; done += 100_000) {
    say(`queueing ${done / 1e6}M of ${MANY / 1e6}M`)
    await appendMany(large, 100_000)
  }
}

/** In turns, a block each. @returns µs an event, of the whole round */
async function compare(large: Scratch): Promise<{ few: number; many: number }> {
  const small = await scratch()
  try {
    await appendMany(small, FEW)
    let [few, many] = [0, 0]
    for (let block = 0; block < BLOCKS; block++) {
      few += await appendMany(small, BLOCK)
      many += await appendMany(large, BLOCK)
    }
    const perEvent = 1000 / (BLOCKS * BLOCK)
    return { few: few * perEvent, many: many * perEvent }
  } finally {
    await small.remove()
  }
}

const PAYLOAD = Buffer.alloc(100, 'x')

/** @returns ms until all are on disk */
function appendMany({ journal, set }: Scratch, count: number): Promise<number> {
  const begin = performance.now()
  return new Promise((resolve, reject) => {
    let [made, done] = [0, 0]
    const more = (): void => {
      for (; made < count && made - done < OUTSTANDING; made++) {
        const topic = `bench/${made % 10}`
        journal.append(
          { hook: 'message.publish', clientid: `bench-${made % 10}`, topic, payload: PAYLOAD, qos: 1, retain: false },
          set,
          onDisk,
        )
      }
    }
    const onDisk = (error: Error | null): void => {
      if (error) reject(error)
      else if (++done === count) resolve(performance.now() - begin)
      else if (made - done === OUTSTANDING >> 1) setImmediate(more)
    }
    more()
  })
}
