// The journal in a process of its own, which the model test kills. Appends without end, posts beside it, and writes a line
// for each thing that it was told to be on disk.

import fs from 'node:fs'
import type { LocalTables } from '../../src/queue/journal.ts'
import { openJournal } from '../../src/queue/journal.ts'
import { openLanes } from '../../src/queue/lanes.ts'
import { bindingOf, journalOptions, publish } from '../helpers/journal.ts'

export const counters: LocalTables = {
  name: 'counters',
  migrations: ['create table counter (key text primary key, value integer not null)'],
  statements: { put: 'insert or replace into counter values (?, ?)' },
}

/** Of what is told: the event's seq, id, topic; or the counter's value. */
export type Told = { event: number; id: string; topic: string } | { counter: string; value: number }

const [folder, ledger, seed] = process.argv.slice(2)
if (folder && ledger) await run(folder, ledger, Number(seed))

async function run(dataDir: string, ledgerFile: string, from: number): Promise<void> {
  let state = from
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (state >>> 8) % below
  }
  const out = fs.openSync(ledgerFile, 'a')
  const tell = (told: Told): void => void fs.writeSync(out, `${JSON.stringify(told)}\n`)
  const journal = await openJournal(journalOptions(dataDir, { tables: [counters], retainMs: 0 }))
  const set = journal.set(await journal.intern([bindingOf('pgsql.one')]))
  const lanes = openLanes({ file: journal.reader.name, port: journal.lanePort() })
  const lane = await lanes.lane('pgsql.one')
  process.stdout.write('ready\n')
  for (let n = 0; ; n++) {
    for (let burst = random(200); burst >= 0; burst--) {
      const topic = `t/${from}/${n}/${burst}`
      const local = { statement: 'counters.put', values: ['with', n] }
      const event = journal.append(
        publish(topic, 'x'.repeat(random(3000))),
        random(2) && set,
        (error) => {
          if (error) throw error
          tell({ event: event.seq, id: `${event.id}`, topic })
        },
        [local],
      )
    }
    const value = from * 1e6 + n // grows over the processes, too
    journal.post({ statement: 'counters.put', values: ['alone', value] }, () => tell({ counter: 'alone', value }))
    if (random(3) === 0) lane.move(Math.max(0, lane.lastSeq - random(500)))
    await new Promise((resolve) => setTimeout(resolve, random(8)))
  }
}
