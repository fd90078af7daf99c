// What only Cassandra can do to us: writes that come late, no transactions, CQL, rights, hangs, restarts.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type cassandra from 'cassandra-driver'
import { backend } from '../../src/backends/cassa/index.ts'
import type { Pool } from '../../src/model/backend.ts'
import { MarkConflict } from '../../src/model/errors.ts'
import { EventIdSource } from '../../src/model/event-id.ts'
import type { Operation, RemoteMessage } from '../../src/model/operation.ts'
import { type CassandraServer, cassandraMissing, startCassandra } from '../helpers/cassandra.ts'
import { freePort } from '../helpers/ports.ts'
import { AT, ack, custom, History, insert, JOURNAL, moveTo } from './operations.ts'
import { cassaSettings } from './subjects/cassa.ts'
import { exact, never, OPTIONS, opener, PAYLOADS, refusal, within } from './support.ts'

const again = { idempotent: true }
const CERTIFICATE = join(import.meta.dirname, '../helpers/tls/cert.pem')

describe('cassa: what a server may do', { skip: cassandraMissing() }, () => {
  let server: CassandraServer
  let direct: cassandra.Client
  const { pool, connected, close } = opener(backend, () => cassaSettings(server))
  const rows = async (text: string): Promise<Record<string, unknown>[]> =>
    (await direct.execute(text)).rows.map((row) => ({ ...row }))
  const stored = async (topic: string): Promise<unknown[]> =>
    (await rows(`select payload from msg where topic = '${topic}' order by msgid`)).map(({ payload }) => payload)
  const retained = async (made: Pool, topic: string): Promise<string[]> => {
    const found = (await made.read({ read: 'retained', filter: topic }, never)) as readonly RemoteMessage[]
    return found.map(({ payload }) => `${payload}`)
  }

  before(async () => {
    server = await startCassandra({ tls: true })
    await backend.applySchema(OPTIONS, cassaSettings(server))
    direct = server.client('mqtt')
    await direct.execute("create role guest with password = 'public' and login = true")
  })
  after(async () => {
    await close()
    await direct?.shutdown()
    await server?.stop()
  })

  describe('repeats', () => {
    test('a batch that comes late does not undo what came after it', async () => {
      const history = new History()
      const [one, two] = [await connected(), await connected()]
      const put = (payload: string) => {
        const message = history.message('late', payload, { retain: true })
        return history.event({ do: 'retain.put', message, node: 'n' })
      }
      const state = (what: 'client.online' | 'client.offline', at: number) =>
        history.event({ do: what, clientid: 'late', node: 'n', at })
      const old = [...put('old'), ...state('client.offline', AT)]
      const message = history.message('late', 'a job')
      const stores = history.event(insert(message))
      await one.write([...old, ...stores], null, exact, never)
      const fresh = [
        ...put('new'),
        ...state('client.online', AT + 1000),
        ...history.event({ do: 'message.delete', msgid: message.msgid, topic: 'late', clientid: 'c' }),
      ]
      await two.write(fresh, null, exact, never)
      await one.write([...old, ...stores], null, again, never)
      assert.deepEqual(await retained(one, 'late'), ['new'])
      const [client] = await rows("select state, disconnected from client where client_id = 'late'")
      assert.deepEqual(client, { state: 1, disconnected: null })
      assert.deepEqual(await stored('late'), [], 'a message that was done is back')
    })

    test('events of one millisecond keep their order, also when a new process repeats them', async () => {
      const history = new History()
      const ids = new EventIdSource(7)
      const same = (write: Operation['write'], seq: number): Operation => ({ seq, id: ids.next(AT), binding: 1, write })
      const put = (payload: string) =>
        ({ do: 'retain.put', message: history.message('ms', payload), node: 'n' }) as const
      const drop = { do: 'retain.delete', topic: 'ms' } as const
      const all = [put('1'), drop, put('2'), drop, put('3')].map(same)
      const first = await connected()
      for (const one of all) await first.write([one], null, exact, never) // a batch each
      assert.deepEqual(await retained(first, 'ms'), ['3'])
      const second = await connected()
      for (const one of all.slice(1, 4)) await second.write([one], null, again, never)
      assert.deepEqual(await retained(second, 'ms'), ['3'])
      await second.write([same(drop, 9)], null, exact, never)
      assert.deepEqual(await retained(second, 'ms'), [])
    })

    test('positions: each topic of each client its furthest, whatever the order', async () => {
      const history = new History()
      const made = await connected()
      const topics = Array.from({ length: 250 }, (_, n) => `pos/${n}`)
      const messages = topics.flatMap((topic) => [1, 2, 3].map((n) => history.message(topic, `${n}`)))
      const [third, second] = [2, 1].map((n) => messages.filter((_, index) => index % 3 === n))
      await made.write(history.events(...third!.map((message) => ack('far', message))), null, exact, never)
      await made.write(history.events(...second!.map((message) => ack('far', message))), null, exact, never)
      const found = await rows("select topic, msgid from acked where client_id = 'far'")
      assert.deepEqual(
        new Map(found.map(({ topic, msgid }) => [topic, msgid])),
        new Map(third!.map(({ topic, msgid }) => [topic, msgid])),
      )
    })
  })

  describe('the mark', () => {
    test('moves with its batch, alone, and by compare-and-set', async () => {
      const history = new History()
      const [made, twin] = [await connected(), await connected()]
      assert.equal(await made.mark(JOURNAL), null)
      const first = history.events(insert(history.message('mark', '1')))
      const move = moveTo(first)
      await made.write(first, move, exact, never)
      assert.deepEqual(await made.mark(JOURNAL), move.to)
      assert.equal(await made.mark('journal-2'), null, 'each journal has its own')

      const other = history.events(insert(history.message('mark', '2')))
      const stale = [moveTo(other), moveTo(other, { ...move.to, seq: 99 }), moveTo(other, { ...move.to, event: 'x' })]
      for (const wrong of stale) await assert.rejects(twin.write(other, wrong, exact, never), MarkConflict)
      assert.deepEqual(await made.mark(JOURNAL), move.to)
      await twin.write([], moveTo(other, move.to), exact, never)
      assert.deepEqual(await made.mark(JOURNAL), moveTo(other).to)
      await twin.write([], moveTo(other, moveTo(other).to), again, never) // as a lane probes
    })

    test('stays when a part of its batch is refused', async () => {
      const history = new History()
      const made = await connected()
      const batch = history.events(
        insert(history.message('mark', '3')),
        custom(['insert into nowhere(x) values (?)', 1]),
      )
      await refusal(made.write(batch, moveTo(batch, null, 'journal-3'), exact, never), 'denied')
      assert.equal(await made.mark('journal-3'), null)
    })

    test('without the right to it the pool works, and says what it lacks', async () => {
      await direct.execute(
        "create keyspace bare with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      )
      const history = new History()
      const bare = { username: 'guest', password: 'public', keyspace: 'bare' }
      await backend.applySchema(OPTIONS, { ...cassaSettings(server), keyspace: 'bare' })
      for (const table of ['msg', 'retain']) {
        for (const right of ['select', 'modify']) await direct.execute(`grant ${right} on bare.${table} to guest`)
      }
      const made = await pool(bare)
      const lacking = async (): Promise<void> => {
        const { exactlyOnce, warnings } = await made.connect(never)
        assert.equal(exactlyOnce, false)
        assert.match(warnings[0]!, /no right to the table holdfast_mark/)
      }
      await lacking()
      assert.equal(await made.mark(JOURNAL), null)
      await made.write(history.events(insert(history.message('a', '1'))), null, exact, never)
      const state = { do: 'client.online', clientid: 'c', node: 'n', at: AT } as const
      const error = await refusal(made.write(history.events(state), null, exact, never), 'denied')
      assert.equal(error.code, 'UNAUTHORIZED')
      assert.equal(error.operation, 0)
      await direct.execute('drop table bare.holdfast_mark')
      await lacking()
      await direct.execute('grant create on keyspace bare to guest')
      assert.equal((await made.connect(never)).exactlyOnce, true, 'it is made, and is the maker’s')
    })
  })

  describe('custom statements', () => {
    test('what only sets and removes values may come again; what does not, runs in order', async () => {
      await direct.execute('create table notes (k text primary key, v text)')
      await direct.execute('create table counted (k text primary key, n counter)')
      await direct.execute('create table listed (k text primary key, l list<text>)')
      const history = new History()
      const made = await connected()
      const set = (k: string, v: string) =>
        custom(['delete from notes where k = ?', k], ['insert into notes (k, v) values (?, ?)', k, v])
      const batch = history.events(
        set('a', '1'),
        set('a', '2'),
        custom(['update notes set v = ? where k = ?', 'b', 'b']),
        custom(['update counted set n = n + ? where k = ?', 2, 'c']),
        custom(["update listed set l = l + ['first'] where k = ?", 'd']),
        custom(["update listed set l = l + ['second'] where k = ?", 'd']),
        custom(["insert into notes (k, v) values ('e', 'kept') if not exists"]),
        custom(["insert into notes (k, v) values ('e', 'not taken') if not exists"]),
        custom(['select v from notes where k = ?', 'a']),
      )
      await made.write(batch, null, exact, never)
      const sets = batch.filter(
        ({ write }) => JSON.stringify(write).includes('notes') && !JSON.stringify(write).includes(' if '),
      )
      await made.write(history.events(set('b', 'newer')), null, exact, never)
      await made.write(sets, null, again, never)
      const notes = Object.fromEntries((await rows('select k, v from notes')).map(({ k, v }) => [k, v]))
      assert.deepEqual(notes, { a: '2', b: 'newer', e: 'kept' })
      assert.deepEqual(await rows('select n from counted'), [{ n: 2n }])
      assert.deepEqual(await rows('select l from listed'), [{ l: ['first', 'second'] }])
    })

    test('the position that a statement forgets begins anew', async () => {
      const history = new History()
      const made = await connected()
      const [one, two] = [history.message('forget', '1'), history.message('forget', '2')]
      const forget = custom(['delete from acked where client_id = ? and topic = ?', 'c', 'forget'])
      await made.write(
        history.events(insert(one), insert(two), ack('c', two), forget, ack('c', one)),
        null,
        exact,
        never,
      )
      assert.deepEqual(await rows("select msgid from acked where client_id = 'c'"), [{ msgid: one.msgid }])
      await made.write(history.events(forget), null, exact, never)
      assert.deepEqual(await rows("select msgid from acked where client_id = 'c'"), [])
    })

    test('a statement may use the table that the one before it makes', async () => {
      const history = new History()
      const made = await connected()
      const text = 'create table made (x text primary key)'
      await made.write(history.events(custom([text], ['insert into made (x) values (?)', 'one'])), null, exact, never)
      assert.deepEqual(await rows('select x from made'), [{ x: 'one' }])
    })

    test('a payload goes raw where bytes are, and by the rule where text is', async () => {
      await direct.execute('create table raw (n int primary key, bytes blob, text text)')
      const history = new History()
      const made = await connected()
      const payloads = Object.values(PAYLOADS)
      const text = 'insert into raw (n, bytes, text) values (?, ?, ?)'
      await made.write(
        history.events(...payloads.map((payload, n) => custom([text, n, payload, payload]))),
        null,
        exact,
        never,
      )
      for (const { n, bytes, text: written } of await rows('select * from raw')) {
        const payload = payloads[n as number]!
        assert.ok((bytes as Buffer).equals(payload), `bytes ${n}`)
        const encoded = `data:;base64,${payload.toString('base64')}` === written
        assert.ok(encoded || Buffer.from(written as string).equals(payload), `text ${n}`)
      }
    })

    test('values of every type are bound, and what a type can’t hold is refused', async () => {
      await direct.execute(
        `create table typed (k int primary key, t text, b bigint, s smallint, d double, f boolean, at timestamp,
          u uuid, v varint, m decimal)`,
      )
      const history = new History()
      const made = await connected()
      const uuid = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'
      const text = 'insert into typed (k, t, b, s, d, f, at, u, v, m) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
      await made.write(
        history.events(
          custom([text, 1, "'; drop table typed; --", AT, 7, 21.5, true, AT, uuid, '123456789012345678901', '1.25']),
          custom([text, '2', 7, '1700000000000000001', true, '3', 0, '2026-01-02T03:04:05.678Z', uuid, 5, 2]),
          custom([text, 3, null, null, null, null, null, null, null, null, null]),
        ),
        null,
        exact,
        never,
      )
      const found = (await rows('select * from typed')).sort((a, b) => Number(a.k) - Number(b.k))
      const plain = found.map(({ k, t, b, s, d, f, at, u, v, m }) => [
        k,
        t,
        b,
        s,
        d,
        f,
        at,
        u && `${u}`,
        v && `${v}`,
        m && `${m}`,
      ])
      const at = new Date(AT)
      assert.deepEqual(plain, [
        [1, "'; drop table typed; --", BigInt(AT), 7, 21.5, true, at, uuid, '123456789012345678901', '1.25'],
        [2, '7', 1700000000000000001n, 1, 3, false, at, uuid, '5', '2'],
        [3, null, null, null, null, null, null, null, null, null],
      ])
      const unfit: [column: string, value: string | number][] = [
        ['b', 1.5],
        ['s', 40_000],
        ['d', 'x'],
        ['f', 'maybe'],
        ['at', 'tomorrow'],
        ['u', 'no uuid'],
        ['v', 'x'],
      ]
      for (const [column, value] of unfit) {
        const write = custom([`insert into typed (k, ${column}) values (9, ?)`, value])
        const batch = [...history.events(insert(history.message('a', '1'))), ...history.events(write)]
        const error = await refusal(made.write(batch, null, exact, never), 'permanent')
        assert.equal(error.operation, 1, column)
      }
      assert.deepEqual(await rows('select * from typed where k = 9'), [])
    })

    test('unknown columns, wrong types and bad syntax are permanent and name their operation', async () => {
      const history = new History()
      const made = await connected()
      for (const text of [
        'insert into sub (nonsense) values (?)',
        'inser into sub values (?)',
        'select no_such_function(?) from sub',
        'insert into sub (client_id) values (?)',
      ]) {
        const batch = [...history.events(insert(history.message('a', '1'))), ...history.events(custom([text, 'x']))]
        const error = await refusal(made.write(batch, null, exact, never), 'permanent')
        assert.equal(error.operation, 1, text)
      }
      const other = history.events(custom(['insert into other (x) values (?)', 'x']))
      assert.match((await refusal(made.write(other, null, exact, never), 'denied')).hint!, /create the table/)
    })
  })

  describe('tables', () => {
    test('a payload column of bytes takes payloads raw', async () => {
      await direct.execute(
        "create keyspace bytes with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      )
      await direct.execute(
        `create table bytes.msg (topic text, msgid text, sender text, qos int, retain int, payload blob, arrived timestamp,
          primary key (topic, msgid))`,
      )
      const history = new History()
      const made = await connected({ keyspace: 'bytes' })
      const payload = Buffer.from([0xff, 0x00, 0x41])
      await made.write(history.events(insert(history.message('a', payload))), null, exact, never)
      assert.deepEqual(await rows('select payload from bytes.msg'), [{ payload }])
      const [read] = (await made.read({ read: 'messages', filter: 'a' }, never)) as readonly RemoteMessage[]
      assert.deepEqual(read!.payload, payload)
    })

    test('a delivered table of somebody else is left alone, and told of', async () => {
      await direct.execute(
        "create keyspace theirs with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      )
      await direct.execute('create table theirs.delivered (msgid text primary key, topic text)')
      await direct.execute('create table theirs.retain (topic text primary key, msgid text)')
      const made = await pool({ keyspace: 'theirs' })
      const { warnings } = await made.connect(never)
      assert.match(warnings.join('\n'), /delivered is not the table of on_message_delivered/)
      assert.match(warnings.join('\n'), /retain has no payload/)
      const delivered = { do: 'delivered.insert', clientid: 'c', topic: 'a', msgid: 'm', at: AT } as const
      await made.write(new History().events(delivered), null, exact, never)
      assert.deepEqual(await rows('select * from theirs.delivered'), [])
    })

    test('no keyspace: denied, with what to do, which mends it', async () => {
      const made = await pool({ keyspace: 'Nowhere' })
      const { hint } = await refusal(made.connect(never), 'denied')
      assert.match(hint!, /holdfast schema cassa --apply --pool pool1/)
      const said: string[] = []
      const settings = { ...cassaSettings(server), keyspace: 'Nowhere' }
      await backend.applySchema(OPTIONS, settings, (sentence) => said.push(sentence))
      await backend.applySchema(OPTIONS, settings, (sentence) => said.push(sentence))
      assert.equal(said.length, 1)
      assert.match(said[0]!, /^the keyspace Nowhere was made, with SimpleStrategy and one replica/)
      assert.equal((await made.connect(never)).exactlyOnce, true)
    })

    test('what no row can hold is refused alone, and the rest goes on', async () => {
      const history = new History()
      const made = await connected()
      const large = history.message('large', Buffer.alloc(20 << 20, 'x'))
      const error = await refusal(made.write(history.event(insert(large)), null, exact, never), 'permanent')
      assert.equal(error.operation, 0)
      const long = history.message('x'.repeat(65_536), '1')
      await refusal(made.write(history.event(insert(long)), null, exact, never), 'permanent')
      await made.write(history.events(insert(history.message('large', 'small'))), null, exact, never)
      assert.deepEqual(await stored('large'), ['small'])
    })

    test('a fetch by age looks no further than it must', async () => {
      const history = new History()
      const made = await connected()
      const at = (n: number) => AT + (n < 2000 ? 0 : n)
      const sent = Array.from({ length: 2100 }, (_, n) => history.message('old', `${n}`, { at: at(n) }))
      await made.write(history.events(...sent.map(insert)), null, exact, never)
      const read = await made.read({ read: 'messages', filter: 'old', since: AT + 1 }, never)
      assert.deepEqual(
        (read as readonly RemoteMessage[]).map(({ payload }) => `${payload}`),
        sent.slice(2000).map(({ payload }) => `${payload}`),
      )
      const newest = await made.read({ read: 'messages', filter: 'old', since: AT, limit: 600 }, never)
      assert.equal(newest.length, 600)
    })
  })

  describe('the way to it', () => {
    test('wrong password, no password, no such server', async () => {
      const password = await refusal((await pool({ password: 'wrong' })).connect(never), 'denied')
      assert.match(password.hint!, /password/)
      assert.equal(password.code, 'PASSWORD')
      await refusal((await pool({ username: undefined, password: undefined })).connect(never), 'denied')
      const nobody = [{ host: '127.0.0.1', port: await freePort() }]
      assert.equal((await refusal((await pool({ nodes: nobody })).connect(never), 'transient')).code, 'ECONNREFUSED')
    })

    test('an encrypted connection, and a certificate that nobody vouches for', async () => {
      const history = new History()
      const stranger = await refusal((await pool({ ssl: true })).connect(never), 'denied')
      assert.match(stranger.hint!, /cafile/)
      const made = await connected({ ssl: true, cafile: CERTIFICATE })
      await made.write(history.events(insert(history.message('tls', '1'))), null, exact, never)
      assert.deepEqual(await stored('tls'), ['1'])
      const clients = await rows('select ssl_enabled from system_views.clients')
      assert.ok(clients.some(({ ssl_enabled }) => ssl_enabled === true))
      await connected({ ssl: true, verify: false })
      await connected({ ssl: true, cafile: CERTIFICATE, nodes: [{ host: 'localhost', port: server.port }] })
    })

    test('a hanging server ends with the signal; what hung may come late', async () => {
      const history = new History()
      const made = await connected()
      const first = history.events(insert(history.message('hang', '1')))
      server.pause()
      try {
        assert.equal((await refusal(made.write(first, null, exact, within(300)), 'transient')).code, 'ABORTED')
        await refusal(made.read({ read: 'retained', filter: 'a' }, within(300)), 'transient')
        await refusal(made.connect(within(300)), 'transient')
      } finally {
        server.resume()
      }
      assert.deepEqual(await made.read({ read: 'retained', filter: 'hang' }, never), [])
      await made.connect(never)
      await made.write(first, null, again, never)
      assert.deepEqual(await stored('hang'), ['1'])
    })

    test('a server that was killed and came back', async () => {
      const history = new History()
      const made = await connected()
      const batch = history.events(insert(history.message('killed', '1')))
      await direct.shutdown()
      await server.kill9()
      await refusal(made.write(batch, null, exact, within(20_000)), 'transient')
      await refusal(made.connect(within(20_000)), 'transient')
      await server.start()
      direct = server.client('mqtt')
      await made.connect(never)
      await made.write(batch, moveTo(batch, null, 'journal-4'), exact, never)
      assert.deepEqual(await stored('killed'), ['1'])
      assert.deepEqual(await made.read({ read: 'retained', filter: 'killed' }, never), [])
    })
  })
})
