// The embedded kind under the contract.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BACKENDS } from '../../../src/backends/index.ts'
import { openForWrite } from '../../../src/sqlite/open.ts'
import { ALL_TABLES, type Bench, type Subject } from '../subject.ts'
import { OPTIONS, opener } from '../support.ts'
import { sqlBench } from './sql.ts'

export const subjects: readonly Subject[] = [
  {
    name: 'sqlite',
    kind: 'sqlite',
    skip: false,
    sql: {
      bytes: 'blob',
      text: 'text',
      boolean: 'integer',
      serial: 'integer',
      returning: 'returning id',
      digits: (column) => `cast(${column} as text)`,
    },
    transactions: true,
    wildcards: true,
    hides: true,
    tables: ALL_TABLES,
    uniqueMsgid: true,
    timeStepMs: 1,
    maxTopic: Number.POSITIVE_INFINITY,
    maxPayloadBytes: Number.POSITIVE_INFINITY,
    start: async () => {},
    stop: async () => {},
    bench,
  },
]

async function bench(): Promise<Bench> {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'))
  const backend = await BACKENDS.sqlite!()
  const settings = { database: 'mqtt.db', pool_size: 1 }
  const { connected: another, close } = opener(backend, () => settings, { ...OPTIONS, dataDir })
  const pool = await another()
  const direct = openForWrite(join(dataDir, 'mqtt.db'))
  const sql: Bench['sql'] = async (text) => {
    try {
      return direct.prepare(text).all() as Record<string, unknown>[]
    } catch {
      direct.exec(text) // several statements, or one that returns nothing
      return []
    }
  }
  return {
    backend,
    pool,
    another,
    ...sqlBench(sql, (column) => `cast(round((julianday(${column}) - 2440587.5) * 86400000) as integer)`),
    schemaAgain: async () => {
      direct.exec(backend.schema())
    },
    end: async () => {
      await close()
      direct.close()
      rmSync(dataDir, { recursive: true })
    },
  }
}
