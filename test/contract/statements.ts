// The contract: the mark, custom statements, and errors.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { MarkConflict } from '../../src/model/errors.ts'
import { AT, custom, insert, JOURNAL, moveTo } from './operations.ts'
import type { Subject } from './subject.ts'
import { type Contract, failure, messages, never, PAYLOADS, payloadsOf, strip, write } from './support.ts'

export function markSuite(subject: Subject, contract: Contract): void {
  contract('the mark moves with its batch', async ({ pool }, history) => {
    assert.equal(await pool.mark(JOURNAL), null)
    const first = history.events(insert(history.message('a', '1')))
    const move = moveTo(first)
    await pool.write(first, move, { idempotent: false }, never)
    assert.deepEqual({ ...(await pool.mark(JOURNAL)) }, move.to)
    const second = history.events(insert(history.message('a', '2')))
    await pool.write(second, moveTo(second, move.to), { idempotent: false }, never)
    assert.deepEqual({ ...(await pool.mark(JOURNAL)) }, moveTo(second).to)
    assert.equal(await pool.mark('journal-2'), null, 'each journal has its own')
  })

  contract('a batch without operations moves the mark alone', async ({ pool }, history) => {
    const { to } = moveTo(history.events(insert(history.message('a', '1'))))
    await pool.write([], { journal: JOURNAL, node: 'n1', from: null, to }, { idempotent: false }, never)
    assert.deepEqual({ ...(await pool.mark(JOURNAL)) }, to)
  })

  contract('a mark that somebody else moved undoes the batch', async (bench, history) => {
    const twin = await bench.another()
    const first = history.events(insert(history.message('a', '1')))
    const move = moveTo(first)
    await bench.pool.write(first, move, { idempotent: false }, never)
    const other = history.events(insert(history.message('a', '2')))
    const stale = [
      moveTo(other),
      moveTo(other, { ...move.to, seq: 99 }),
      moveTo(other, { ...move.to, event: 'another' }),
    ]
    for (const wrong of stale) {
      await assert.rejects(twin.write(other, wrong, { idempotent: false }, never), MarkConflict)
    }
    const stored = subject.comparesBehind ? ['1', '2'] : ['1']
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a' })), stored)
    await twin.write(other, moveTo(other, move.to), { idempotent: false }, never)
  })

  if (!subject.sql) return
  contract('a batch that is refused leaves the mark', async (bench, history) => {
    const { pool } = bench
    await bench.sql('create table small(n integer not null)')
    const batch = history.events(insert(history.message('a', '1')), custom(['insert into small values (?)', null]))
    await failure(pool.write(batch, moveTo(batch), { idempotent: false }, never))
    assert.equal(await pool.mark(JOURNAL), null)
    assert.deepEqual(await bench.rows('mqtt_msg'), [])
  })
}

export function statementSuite({ sql: types }: Subject, contract: Contract): void {
  if (!types) return
  contract('custom statements run in order, among the others', async (bench, history) => {
    await bench.sql(`create table log(n ${types.serial} primary key, what text, seen integer)`)
    const note = (what: string) => custom(['insert into log(what, seen) select ?, count(*) from mqtt_msg', what])
    await write(
      bench,
      history.events(
        note('before'),
        insert(history.message('a', '1')),
        note('between'),
        insert(history.message('a', '2')),
        note('after'),
      ),
    )
    await write(
      bench,
      history.events(
        custom(["insert into log(what) values('x')"], ['update log set what = ? where what = ?', 'y', 'x']),
      ),
    )
    const rows = await bench.sql('select what, seen from log order by n')
    assert.deepEqual(
      rows.map(({ what, seen }) => [what, seen]),
      [
        ['before', 0],
        ['between', 1],
        ['after', 2],
        ['y', null],
      ],
    )
  })

  contract('a payload goes raw where bytes are, and by the rule where text is', async (bench, history) => {
    await bench.sql(`create table raw(n integer, bytes ${types.bytes}, text ${types.text})`)
    const payloads = Object.values(PAYLOADS)
    const writes = payloads.map((payload, n) =>
      custom(['insert into raw(n, bytes, text) values (?, ?, ?)', n, payload, payload]),
    )
    await write(bench, history.events(...writes))
    const rows = await bench.sql('select * from raw order by n')
    for (const [n, payload] of payloads.entries()) {
      const { bytes, text } = rows[n]!
      assert.ok(Buffer.from(bytes as string).equals(payload), `bytes ${n}`)
      const plain = Buffer.from(String(text)).equals(payload)
      const encoded = `data:;base64,${payload.toString('base64')}` === text
      const raw = Buffer.isBuffer(text) && text.equals(payload)
      assert.ok(plain || encoded || raw, `text ${n}`)
    }
  })

  contract('values of every type are bound', async (bench, history) => {
    await bench.sql(
      `create table typed(t text, i integer, b bigint, f double precision, flag ${types.boolean}, flagged integer)`,
    )
    const text = 'insert into typed values (?, ?, ?, ?, ?, ?)'
    await write(
      bench,
      history.events(
        custom([text, "'; drop table typed; --", 1, AT, 21.5, true, false]),
        custom([text, null, null, null, null, null, null]),
        custom([text, 7, '7', '1700000000000000001', 1, false, true]),
      ),
    )
    const rows = await bench.sql(
      `select t, i, ${types.digits('b')} as b, f, case when flag then 1 when not flag then 0 end as flag, flagged from typed`,
    )
    assert.deepEqual(
      rows.map((row) => Object.values(row)),
      [
        ["'; drop table typed; --", 1, `${AT}`, 21.5, 1, 0],
        [null, null, null, null, null, null],
        ['7', 7, '1700000000000000001', 1, 0, 1],
      ],
    )
  })

  contract('a statement may use the table that the one before it makes', async (bench, history) => {
    await write(bench, history.events(custom(['create table made(x text)'], ['insert into made values (?)', 'one'])))
    assert.deepEqual(
      (await bench.sql('select x from made')).map(({ x }) => x),
      ['one'],
    )
  })

  contract('a statement that returns rows is run as well', async (bench, history) => {
    await write(
      bench,
      history.events(
        custom([`insert into mqtt_sub(clientid, topic, qos) values (?, 't', 1) ${types.returning}`, 'c']),
        custom(['select ? as x', 'y']),
      ),
    )
    assert.equal((await bench.rows('mqtt_sub')).length, 1)
  })
}

export function errorSuite(subject: Subject, contract: Contract): void {
  if (subject.sql) refusedStatements(contract)
  if (subject.hides) missingTables(subject, contract)

  if (subject.maxTopic !== Number.POSITIVE_INFINITY) {
    contract('what does not fit is refused, never cut, and the rest can go on', async (bench, history) => {
      const message = history.message('x'.repeat(subject.maxTopic + 1), '1')
      const error = await failure(write(bench, history.event(insert(message))))
      assert.equal(error.errorClass, 'permanent')
      assert.equal(error.operation, 0)
      assert.deepEqual(await bench.rows('mqtt_msg'), [])
      await write(bench, history.events(insert(history.message('x'.repeat(subject.maxTopic), '2'))))
      assert.equal((await bench.rows('mqtt_msg')).length, 1)
    })
  } else {
    contract('the longest names that MQTT allows are stored', async (bench, history) => {
      const clientid = 'x'.repeat(300)
      const topic = randomBytes(30_000).toString('hex')
      const message = history.message(topic, '1', { from: clientid })
      await write(bench, history.events(insert(message)))
      assert.deepEqual(await messages(bench, { filter: topic, clientid }), [strip(message, subject)])
    })
  }

  contract('the tables may be made again', async (bench, history) => {
    await write(bench, history.events(insert(history.message('a', '1'))))
    await bench.schemaAgain()
    assert.equal((await messages(bench, { filter: 'a' })).length, 1)
  })

  contract('a pool that is not connected, or was closed, says so', async (bench, history) => {
    await bench.pool.ping(never)
    await bench.pool.close()
    await bench.pool.connect(never)
    await write(bench, history.events(insert(history.message('a', '1'))))
  })
}

function refusedStatements(contract: Contract): void {
  contract('a refused statement is permanent and names its operation', async (bench, history) => {
    await bench.sql('create table small(n integer not null)')
    const put = (n: number | null) => custom(['insert into small values (?)', n])
    const error = await failure(
      write(bench, history.events(put(1), insert(history.message('a', '1')), put(null), put(2))),
    )
    assert.equal(error.errorClass, 'permanent')
    assert.equal(error.operation, 2)
    assert.deepEqual(await bench.sql('select * from small'), [], 'everything is undone')
    assert.deepEqual(await bench.rows('mqtt_msg'), [])
    await write(bench, history.events(put(3)))
    assert.equal((await bench.sql('select * from small')).length, 1, 'the connection goes on')
  })

  contract('unknown columns, wrong types and bad syntax are permanent', async (bench, history) => {
    for (const text of [
      'insert into mqtt_sub(nonsense) values (?)',
      'inser into mqtt_sub values (?)',
      'select no_such_function(?)',
    ]) {
      const error = await failure(
        write(bench, [...history.events(insert(history.message('a', '1'))), ...history.events(custom([text, 'x']))]),
      )
      assert.equal(error.errorClass, 'permanent', text)
      assert.equal(error.operation, 1, text)
    }
    assert.deepEqual(await bench.rows('mqtt_msg'), [])
  })
}

function missingTables(subject: Subject, contract: Contract): void {
  contract('in a batch of one event the operation is always named', async (bench, history) => {
    await bench.hide('mqtt_retain')
    const message = history.message('a', '1')
    const error = await failure(
      write(
        bench,
        history.event(
          insert(message),
          { do: 'client.online', clientid: 'c', node: 'n', at: AT },
          { do: 'retain.put', message, node: 'n' },
        ),
      ),
    )
    assert.equal(error.operation, 2)
  })

  contract('a missing table is denied, with what to do; and is found when it is made', async (bench, history) => {
    const bringBack = await bench.hide('mqtt_msg')
    const batch = history.events(insert(history.message('a', '1')), insert(history.message('a', '2')))
    const error = await failure(write(bench, batch))
    assert.equal(error.errorClass, 'denied')
    const apply = `holdfast schema ${subject.kind} --apply --pool pool1`
    assert.ok(error.hint?.includes(subject.kind === 'sqlite' ? 'create the table' : apply), error.hint)
    assert.equal((await failure(messages(bench, { filter: 'a' }))).errorClass, 'denied')
    await bringBack()
    await write(bench, batch)
    assert.equal((await messages(bench, { filter: 'a' })).length, 2)
  })
}
