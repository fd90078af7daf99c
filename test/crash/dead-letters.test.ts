// What the database refuses is put aside once, whatever dies meanwhile, and nothing else is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../helpers/random.ts'
import { audit } from './audit.ts'
import { pgsql } from './kinds/pgsql.ts'
import { readLedger } from './ledger.ts'
import { drained, Scene, straightLine } from './scene.ts'

/** One in fifty or so; see `payloadOf`. */
const REFUSED = /[37]7:/

test('messages that a constraint refuses, under kill -9', { skip: pgsql.missing() }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  await server.query(`alter table log add constraint taste check (payload !~ '${REFUSED.source}')`)
  const publishers = scene.publishers(gateway)
  const random = new Random(7)
  publishers.flow()
  for (let round = 0; round < 6; round++) {
    await sleep(random.between(300, 900))
    const struck = round % 3 === 2 ? server : gateway
    await struck.kill9()
    await struck.start()
  }
  await publishers.settle()
  await drained(gateway)
  await scene.verify(server, { tables: ['mqtt_msg'] })

  const ledger = readLedger(publishers.ledger)
  const accepted = new Map([...ledger].filter(([payload]) => !REFUSED.test(payload)))
  assert.deepEqual(audit(accepted, await pgsql.rows(server, 'log')), [])

  const refused = (await pgsql.rows(server, 'mqtt_msg')).filter(({ payload }) => REFUSED.test(payload))
  const letters: { seq: number; code: string }[] = await gateway.ctl('dead', 'list')
  assert.ok(refused.length > 0)
  assert.equal(letters.length, refused.length)
  assert.equal(new Set(letters.map(({ seq }) => seq)).size, letters.length)
  assert.deepEqual([...new Set(letters.map(({ code }) => code))], ['23514'])

  // Mended, they are sent once more, and are there.
  await server.query('alter table log drop constraint taste')
  await gateway.ctl('dead', 'retry', 'all')
  await drained(gateway)
  const stored = (await pgsql.rows(server, 'log')).map(({ msgid }) => msgid)
  assert.equal(new Set(stored).size, stored.length)
  assert.ok(refused.every(({ msgid }) => stored.includes(msgid)))
  assert.deepEqual(await gateway.ctl('dead', 'list'), [])
})
