// What every backend promises, whatever the database: one suite, run over each against its real server.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { BackendError, MarkConflict } from '../../src/model/errors.ts'
import type { Message } from '../../src/model/event.ts'
import type { Operation, ReadOp, RemoteMessage } from '../../src/model/operation.ts'
import { AT, ack, custom, History, insert, JOURNAL, moveTo } from './operations.ts'
import { type Bench, SUBJECTS, type Subject } from './subjects.ts'

const never = new AbortController().signal

/** Names that a careless statement would trip over. */
const ODD_NAMES = [
  "o'brien",
  'a"b`c',
  'line\nbreak',
  'co:lon%3A',
  'back\\slash',
  '$1 ${clientid} ?',
  'ünï→💧',
  '%_*.+',
  ' x ',
  "');--",
]

const PAYLOADS: Readonly<Record<string, Buffer>> = {
  text: Buffer.from('hello'),
  empty: Buffer.alloc(0),
  unicode: Buffer.from('ünïcødé 💧\r\n\t"\'\\'),
  nul: Buffer.from('a\0b'),
  'not UTF-8': Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3]),
  'like a data URL': Buffer.from('data:;base64,aGVsbG8='),
  'a byte order mark': Buffer.from([0xef, 0xbb, 0xbf, 0x41]),
  'every byte': Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  digits: Buffer.from('007'),
  '1 MB of text': Buffer.alloc(1 << 20, 'x'),
  '1 MB of bytes': randomBytes(1 << 20),
}

async function write(bench: Bench, batch: readonly Operation[], idempotent = false): Promise<void> {
  await bench.pool.write(batch, null, { idempotent }, never)
}

function messages(
  bench: Bench,
  op: Omit<Extract<ReadOp, { read: 'messages' }>, 'read'>,
): Promise<readonly RemoteMessage[]> {
  return bench.pool.read({ read: 'messages', ...op }, never) as Promise<readonly RemoteMessage[]>
}

const payloadsOf = (rows: readonly RemoteMessage[]): string[] => rows.map(({ payload }) => payload.toString())

function strip({ msgid, topic, payload, qos, retain, from, at }: Message): RemoteMessage {
  return { msgid, topic, payload, qos, retain, from, at }
}

async function failure(promise: Promise<unknown>): Promise<BackendError> {
  const error = await promise.then(
    () => assert.fail('was taken'),
    (rejection) => rejection,
  )
  assert.ok(error instanceof BackendError, `${error}`)
  return error
}

for (const subject of SUBJECTS) {
  describe(subject.name, { skip: subject.skip }, () => {
    before(() => subject.start())
    after(() => subject.stop())
    suite(subject)
  })
}

function suite(subject: Subject): void {
  const contract = (name: string, body: (bench: Bench, history: History) => Promise<void>): void => {
    test(name, async () => {
      const bench = await subject.bench()
      try {
        await body(bench, new History())
      } finally {
        await bench.end()
      }
    })
  }

  contract('messages are stored in order and read as they were', async (bench, history) => {
    const sent = [1, 2, 3].map((n) => history.message('a/b', `m${n}`, { qos: n === 2 ? 2 : 1, retain: n === 3 }))
    await write(bench, history.events(...sent.map(insert)))
    assert.deepEqual(await messages(bench, { filter: 'a/b' }), sent.map(strip))
    const rows = await bench.sql('select msgid, sender, topic, qos, retain, payload from mqtt_msg order by id')
    assert.deepEqual(
      { ...rows[2] },
      {
        msgid: sent[2]!.msgid,
        sender: 'publisher',
        topic: 'a/b',
        qos: 1,
        retain: 1,
        payload: 'm3',
      },
    )
  })

  contract('a batch of thousands keeps its order', async (bench, history) => {
    const sent = Array.from({ length: 3000 }, (_, n) => history.message(`t/${n % 7}`, `${n}`))
    await write(bench, history.events(...sent.map(insert)))
    assert.deepEqual(
      payloadsOf(await messages(bench, { filter: 't/#' })),
      sent.map(({ payload }) => `${payload}`),
    )
  })

  contract('a batch that comes again changes nothing', async (bench, history) => {
    const [first, second] = [history.message('a', '1'), history.message('a', '2')]
    const delivered = { do: 'delivered.insert', clientid: 'c', topic: 'a', msgid: first.msgid, at: AT } as const
    const batch = history.events(
      { do: 'client.online', clientid: 'c', node: 'n1', at: AT },
      insert(first),
      { do: 'retain.put', message: first, node: 'n1' },
      insert(second),
      ack('c', first),
      delivered,
    )
    await write(bench, batch)
    const tables = [
      'mqtt_client',
      'mqtt_msg',
      'mqtt_retain',
      'mqtt_acked',
      ...(subject.oldTables ? [] : ['mqtt_delivered']),
    ]
    const content = async (): Promise<unknown> =>
      Promise.all(tables.map((table) => bench.sql(`select * from ${table}`)))
    const before = await content()
    await write(bench, batch, true)
    assert.deepEqual(await content(), before)
  })

  contract('two functions that store one message make one row', async (bench, history) => {
    const message = history.message('a', '1')
    await write(bench, [
      ...history.event(insert(message), insert(message)),
      ...history.events(insert(history.message('a', '2'))),
    ])
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a' })), ['1', '2'])
  })

  contract('a message that is there already is no error', async (bench, history) => {
    const [first, second] = [history.message('a', '1'), history.message('a', '2')]
    await bench.sql(`insert into mqtt_msg(msgid, topic, payload) values('${first.msgid}', 'a', 'theirs')`)
    await write(bench, history.events(insert(first), insert(second)), subject.oldTables)
    await write(bench, history.events(insert(second)), subject.oldTables)
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a' })), ['theirs', '2'])
  })

  contract('the state row follows connects and disconnects', async (bench, history) => {
    const online = { do: 'client.online', clientid: 'c', node: 'n1', at: AT } as const
    const offline = { do: 'client.offline', clientid: 'c', node: 'n1', at: AT + 1000 } as const
    const state = async (): Promise<unknown> => {
      const time = (name: string): string =>
        subject.kind === 'pgsql' ? `to_char(${name}, 'SS.MS')` : `strftime('%f', ${name})`
      const rows = await bench.sql(
        `select state, node, ${time('online_at')} as on_at, ${time('offline_at')} as off_at from mqtt_client`,
      )
      return rows.map((row) => ({ ...row }))
    }
    await write(bench, history.events(online))
    assert.deepEqual(await state(), [{ state: 1, node: 'n1', on_at: '05.678', off_at: null }])
    await write(bench, history.events(offline))
    assert.deepEqual(await state(), [{ state: 0, node: 'n1', on_at: '05.678', off_at: '06.678' }])
    await write(bench, history.events({ ...online, at: AT + 2000 }, offline, { ...online, at: AT + 3000 }))
    assert.deepEqual(await state(), [{ state: 1, node: 'n1', on_at: '08.678', off_at: null }])
    await write(bench, history.events({ ...online, at: AT + 4000 }, { ...offline, at: AT + 5000 }))
    assert.deepEqual(await state(), [{ state: 0, node: 'n1', on_at: '09.678', off_at: '10.678' }])
  })

  contract('one retained message a topic, the last one; deletion is in order too', async (bench, history) => {
    const put = (topic: string, payload: string) =>
      ({ do: 'retain.put', message: history.message(topic, payload, { retain: true }), node: 'n1' }) as const
    const drop = (topic: string) => ({ do: 'retain.delete', topic }) as const
    await write(
      bench,
      history.events(put('a/1', 'old'), put('a/1', 'new'), put('a/2', 'x'), drop('a/2'), drop('a/3'), put('a/3', 'y')),
    )
    const read = async (filter: string): Promise<string[]> =>
      payloadsOf((await bench.pool.read({ read: 'retained', filter }, never)) as RemoteMessage[]).sort()
    assert.deepEqual(await read('a/1'), ['new'])
    assert.deepEqual(await read('a/#'), ['new', 'y'])
    await write(bench, history.events(put('a/1', 'newer'), drop('a/3')))
    assert.deepEqual(await read('a/+'), ['newer'])
    const [row] = (await bench.pool.read({ read: 'retained', filter: 'a/1' }, never)) as RemoteMessage[]
    assert.equal(row!.retain, true)
  })

  contract(
    'a position is the row of the message, found in the same batch too, and never goes back',
    async (bench, history) => {
      const sent = [1, 2, 3, 4].map((n) => history.message('a', `${n}`))
      const [one, two, three, four] = sent as [Message, Message, Message, Message]
      const rest = async (): Promise<string[]> => payloadsOf(await messages(bench, { filter: 'a', clientid: 'c' }))
      await write(bench, history.events(...[one, two, three].map(insert), ack('c', two)))
      assert.deepEqual(await rest(), ['3'])
      await write(bench, history.events(insert(four), ack('c', one)))
      assert.deepEqual(await rest(), ['3', '4'], 'went back')
      await write(bench, history.events(ack('c', four), ack('c', three)))
      assert.deepEqual(await rest(), [])
      await write(bench, history.events(ack('c', history.message('a', 'never stored'))))
      assert.deepEqual(await rest(), [], 'a message without a row')
      await write(
        bench,
        history.events(ack('c', two), { do: 'position.delete', clientid: 'c', topic: 'a' }, ack('c', three)),
      )
      assert.deepEqual(await rest(), ['4'], 'a position that was forgotten begins anew')
      assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a', clientid: 'other' })), ['1', '2', '3', '4'])
    },
  )

  contract('positions of client and topic are not mixed up', async (bench, history) => {
    const sent = ['ab', 'b'].map((topic) => history.message(topic, topic))
    await write(bench, history.events(...sent.map(insert), ack('a', sent[1]!), ack('', sent[0]!)))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: '#', clientid: 'a' })), ['ab'])
    assert.deepEqual(payloadsOf(await messages(bench, { filter: '#', clientid: '' })), ['b'])
  })

  contract('a message of a queue goes with its first acknowledgement', async (bench, history) => {
    const [one, two] = [history.message('q', '1'), history.message('q', '2')]
    const remove = ({ msgid, topic }: Message) => ({ do: 'message.delete', msgid, topic, clientid: 'c' }) as const
    await write(bench, history.events(insert(one), remove(one), insert(two)))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'q' })), ['2'])
    await write(bench, history.events(remove(two), remove(one)))
    assert.deepEqual(await messages(bench, { filter: 'q' }), [])
  })

  contract('a fetch is bounded by time, count, start and local positions', async (bench, history) => {
    const sent = [1, 2, 3, 4, 5].map((n) => history.message('a/b', `${n}`, { at: AT + n * 1000 }))
    await write(bench, history.events(...sent.map(insert)))
    const fetch = async (more: object): Promise<string[]> =>
      payloadsOf(await messages(bench, { filter: 'a/b', ...more }))
    assert.deepEqual(await fetch({ limit: 2 }), ['4', '5'], 'the newest, oldest first')
    assert.deepEqual(await fetch({ since: AT + 3000 }), ['3', '4', '5'])
    assert.deepEqual(await fetch({ clientid: 'c', start: 'latest' }), [])
    const ahead = { clientid: 'c', positions: new Map([['a/b', sent[2]!.msgid]]) }
    assert.deepEqual(await fetch(ahead), ['4', '5'])
    assert.deepEqual(await fetch({ ...ahead, start: 'latest' }), ['4', '5'])
    await write(bench, history.events(ack('c', sent[3]!)))
    assert.deepEqual(await fetch(ahead), ['5'], 'the further position counts')
    assert.deepEqual(await fetch({ clientid: 'c', start: 'latest' }), ['5'])
  })

  contract('wildcards match as MQTT says', async (bench, history) => {
    const topics = ['a', 'a/b', 'a/b/c', '/a', 'a/', '$SYS/a', 'a.b', 'a\nb/c', 'A', 'a/%', 'a/_']
    await write(bench, history.events(...topics.map((topic) => insert(history.message(topic, topic)))))
    const found = async (filter: string): Promise<string[]> => payloadsOf(await messages(bench, { filter }))
    assert.deepEqual(
      await found('#'),
      topics.filter((topic) => topic !== '$SYS/a'),
    )
    assert.deepEqual(await found('+'), ['a', 'a.b', 'A'])
    assert.deepEqual(await found('a/#'), ['a', 'a/b', 'a/b/c', 'a/', 'a/%', 'a/_'])
    assert.deepEqual(await found('a/+'), ['a/b', 'a/', 'a/%', 'a/_'])
    assert.deepEqual(await found('+/a'), ['/a'])
    assert.deepEqual(await found('+/+/c'), ['a/b/c'])
    assert.deepEqual(await found('$SYS/#'), ['$SYS/a'])
    assert.deepEqual(await found('a.b/+'), [])
    assert.deepEqual(await found('a'), ['a'])
    assert.deepEqual(await found('a/%'), ['a/%'])
  })

  contract('subscriptions of a client are read', async (bench) => {
    await bench.sql(
      "insert into mqtt_sub(clientid, topic, qos) values('test', 'one', 1), ('test', 'two/#', 9), ('other', 'x', 0)",
    )
    const rows = await bench.pool.read({ read: 'subscriptions', clientid: 'test' }, never)
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [
        { topic: 'one', qos: 1 },
        { topic: 'two/#', qos: 9 },
      ],
    )
  })

  contract('rows that others wrote are read, also without what we would have written', async (bench, history) => {
    await bench.sql("insert into mqtt_msg(topic, payload) values('a', 'foreign')")
    await write(bench, history.events(insert(history.message('a', 'own'))))
    const [foreign] = await messages(bench, { filter: 'a', clientid: 'c' })
    assert.equal(foreign!.payload.toString(), 'foreign')
    await write(bench, history.events(ack('c', strip({ ...foreign!, qos: 0 }))))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a', clientid: 'c' })), ['own'])
    await write(bench, history.events({ do: 'message.delete', msgid: foreign!.msgid, topic: 'a', clientid: 'c' }))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a' })), ['own'])
  })

  contract('any payload comes back as it was', async (bench, history) => {
    const sent = Object.entries(PAYLOADS).map(([name, payload]) => history.message(`p/${name}`, payload))
    await write(bench, history.events(...sent.map(insert)))
    await write(bench, history.events(...sent.map((message) => ({ do: 'retain.put', message, node: 'n1' }) as const)))
    for (const { topic, payload } of sent) {
      const [stored] = await messages(bench, { filter: topic })
      assert.ok(stored!.payload.equals(payload), `${topic}, stored`)
      const [retained] = (await bench.pool.read({ read: 'retained', filter: topic }, never)) as RemoteMessage[]
      assert.ok(retained!.payload.equals(payload), `${topic}, retained`)
    }
  })

  contract('any name comes back as it was', async (bench, history) => {
    for (const name of ODD_NAMES) {
      const message = history.message(name, name, { from: name })
      await write(bench, history.events(insert(message), { do: 'client.online', clientid: name, node: 'n1', at: AT }))
      await write(bench, history.events({ do: 'retain.put', message, node: 'n1' }))
      assert.deepEqual(
        await messages(bench, { filter: name.replaceAll('+', 'plus'), clientid: name }),
        name.includes('+') ? [] : [strip(message)],
      )
      await write(bench, history.events(ack(name, message)))
      assert.deepEqual(await messages(bench, { filter: '#', clientid: name }), [], name)
      await write(bench, history.events({ do: 'message.delete', msgid: message.msgid, topic: name, clientid: name }))
    }
    assert.equal((await bench.sql('select distinct clientid from mqtt_client')).length, ODD_NAMES.length)
  })

  markSuite(contract)
  statementSuite(subject, contract)
  errorSuite(subject, contract)
}

type Contract = (name: string, body: (bench: Bench, history: History) => Promise<void>) => void

function markSuite(contract: Contract): void {
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
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a' })), ['1'])
    await twin.write(other, moveTo(other, move.to), { idempotent: false }, never)
  })

  contract('a batch that is refused leaves the mark', async ({ pool, sql }, history) => {
    await sql('create table small(n integer check (n < 10))')
    const batch = history.events(insert(history.message('a', '1')), custom(['insert into small values (?)', 10]))
    await failure(pool.write(batch, moveTo(batch), { idempotent: false }, never))
    assert.equal(await pool.mark(JOURNAL), null)
    assert.deepEqual(await pool.read({ read: 'messages', filter: '#' }, never), [])
  })
}

function statementSuite(subject: Subject, contract: Contract): void {
  contract('custom statements run in order, among the others', async (bench, history) => {
    await bench.sql(
      `create table log(n ${subject.kind === 'pgsql' ? 'serial' : 'integer'} primary key, what text, seen integer)`,
    )
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
    await bench.sql(`create table raw(n integer, bytes ${subject.bytes}, text text)`)
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
    const flag = subject.kind === 'pgsql' ? 'boolean' : 'integer'
    await bench.sql(
      `create table typed(t text, i integer, b bigint, f double precision, flag ${flag}, flagged integer)`,
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
      'select t, i, cast(b as text) as b, f, cast(flag as integer) as flag, flagged from typed',
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
        custom(["insert into mqtt_sub(clientid, topic, qos) values (?, 't', 1) returning id", 'c']),
        custom(['select ? as x', 'y']),
      ),
    )
    assert.equal((await bench.sql('select * from mqtt_sub')).length, 1)
  })
}

function errorSuite(subject: Subject, contract: Contract): void {
  const tooLong = 'x'.repeat(300)

  contract('a refused statement is permanent and names its operation', async (bench, history) => {
    await bench.sql('create table small(n integer check (n < 10))')
    const put = (n: number) => custom(['insert into small values (?)', n])
    const error = await failure(
      write(bench, history.events(put(1), insert(history.message('a', '1')), put(10), put(2))),
    )
    assert.equal(error.errorClass, 'permanent')
    assert.equal(error.operation, 2)
    assert.deepEqual(await bench.sql('select * from small'), [], 'everything is undone')
    assert.deepEqual(await messages(bench, { filter: '#' }), [])
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
    assert.deepEqual(await messages(bench, { filter: '#' }), [])
  })

  contract('in a batch of one event the operation is always named', async (bench, history) => {
    await bench.sql('drop table mqtt_retain')
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
    await bench.sql('alter table mqtt_msg rename to elsewhere')
    const batch = history.events(insert(history.message('a', '1')), insert(history.message('a', '2')))
    const error = await failure(write(bench, batch))
    assert.equal(error.errorClass, 'denied')
    assert.match(
      error.hint ?? '',
      subject.kind === 'pgsql' ? /holdfast schema pgsql --apply --pool pool1/ : /create the table/,
    )
    assert.equal((await failure(messages(bench, { filter: 'a' }))).errorClass, 'denied')
    await bench.sql('alter table elsewhere rename to mqtt_msg')
    await write(bench, batch)
    assert.equal((await messages(bench, { filter: 'a' })).length, 2)
  })

  if (subject.oldTables) {
    contract('what does not fit is refused, never cut, and the rest can go on', async (bench, history) => {
      const message = history.message(tooLong, '1')
      const error = await failure(write(bench, history.event(insert(message))))
      assert.equal(error.errorClass, 'permanent')
      assert.equal(error.operation, 0)
      assert.deepEqual(await messages(bench, { filter: '#' }), [])
    })
  } else {
    contract('the longest names that MQTT allows are stored', async (bench, history) => {
      const topic = randomBytes(30_000).toString('hex')
      const message = history.message(topic, '1', { from: tooLong })
      await write(bench, history.events(insert(message)))
      assert.deepEqual(await messages(bench, { filter: topic, clientid: tooLong }), [strip(message)])
    })
  }

  contract('the tables may be made again', async (bench, history) => {
    await write(bench, history.events(insert(history.message('a', '1'))))
    await bench.sql(subject.oldTables ? 'select 1' : bench.backend.schema())
    assert.equal((await messages(bench, { filter: 'a' })).length, 1)
  })

  contract('a pool that is not connected, or was closed, says so', async (bench, history) => {
    await bench.pool.ping(never)
    await bench.pool.close()
    await bench.pool.connect(never)
    await write(bench, history.events(insert(history.message('a', '1'))))
  })
}
