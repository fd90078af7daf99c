// The default: no server at all, the tables in a file below the data folder. The gateway is killed, also at its first start.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openForRead } from '../../src/sqlite/open.ts'
import { type GatewayProcess, until } from '../helpers/gateway.ts'
import { Random } from '../helpers/random.ts'
import { audit, type Row } from './audit.ts'
import { readLedger } from './ledger.ts'
import { CONF, Stage } from './stage.ts'

const PLUGIN = `backend.sqlite.pool1.database = mqtt.db
backend.sqlite.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`

function rows({ data }: GatewayProcess): Row[] {
  const db = openForRead(join(data, 'mqtt.db'))
  try {
    return db.prepare('select msgid, payload from mqtt_msg order by id').all() as Row[]
  } finally {
    db.close()
  }
}

test('kill -9 at random moments, into the embedded database', async (t) => {
  const stage = new Stage(t)
  const gateway = stage.gatewayWith({ conf: CONF, plugins: { sqlite: PLUGIN } })
  const random = new Random(11)
  await gateway.start()
  const publishers = stage.publishers(gateway)
  publishers.flow()
  for (let round = 0; round < 8; round++) {
    await sleep(random.between(50, 700))
    await gateway.kill9()
    await gateway.start()
  }
  await publishers.settle()
  const ledger = readLedger(publishers.ledger)
  await until('all is in the table', () => audit(ledger, rows(gateway)).every((fault) => !fault.startsWith('lost')))
  assert.deepEqual(audit(ledger, rows(gateway)), [])
})

test('killed again and again while it starts for the first time: it starts', async (t) => {
  const stage = new Stage(t)
  const gateway = stage.gatewayWith({ conf: CONF, plugins: { sqlite: PLUGIN } })
  let began = 0
  for (let delayMs = 100; delayMs < 500; delayMs += 20) {
    const started = gateway.start().catch(() => {}) // it dies on the way
    await sleep(delayMs)
    await gateway.kill9()
    await started
    if (existsSync(join(gateway.data, 'journal.db'))) began++
  }
  assert.ok(began > 0, 'it was killed later than its first file')
  await gateway.start()
  const publishers = stage.publishers(gateway)
  await publishers.publish(10)
  const ledger = readLedger(publishers.ledger)
  await until('all is in the table', () => audit(ledger, rows(gateway)).length === 0)
  assert.doesNotMatch(gateway.output, /journal_salvaged/)
})
