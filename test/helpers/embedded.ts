// What the embedded database of a data folder holds, read from outside.

import { join } from 'node:path'
import { openForRead } from '../../src/sqlite/open.ts'

/** Payloads of the stored messages, in order. */
export function storedPayloads(data: string): string[] {
  const db = openForRead(join(data, 'mqtt.db'))
  try {
    return db.prepare<[], string>('select payload from mqtt_msg order by id').pluck().all()
  } finally {
    db.close()
  }
}
