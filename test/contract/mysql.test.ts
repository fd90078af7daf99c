// What only MySQL can do to us: rights, read-only servers, hangs, restarts, statements that commit, settings of the server.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { backend } from '../../src/backends/mysql/index.ts'
import { schemaWithoutKeys } from '../../src/backends/mysql/schema.ts'
import type { Pool } from '../../src/model/backend.ts'
import { type BackendError, MarkConflict } from '../../src/model/errors.ts'
import type { Operation, RemoteMessage } from '../../src/model/operation.ts'
import { type MariadbServer, mariadbMissing, startMariadb } from '../helpers/mariadb.ts'
import { freePort } from '../helpers/ports.ts'
import { MYSQL_COMMIT } from '../helpers/proxy.ts'
import { AT, ack, custom, type History, insert, JOURNAL, moveTo } from './operations.ts'
import { sqlServerSuite } from './sql-server.ts'
import { mysqlSettings, OLD_TABLES } from './subjects/mysql.ts'
import { exact, never, ODD_NAMES, OPTIONS, opener, PAYLOADS, refusal, scenes } from './support.ts'

const NO_TLS = process.env.HOLDFAST_MYSQL === '5.6' && 'MySQL 5.6 speaks TLS 1.0 alone'

describe('mysql: what a server may do', { skip: mariadbMissing() }, () => {
  let server: MariadbServer
  const { pool, connected, close } = opener(backend, () => mysqlSettings(server))
  const stored = async (database = 'mqtt'): Promise<string[]> => {
    const rows = await server.query('select payload from mqtt_msg order by id', database)
    return rows.map(({ payload }) => String(payload))
  }
  const put = (history: History, payload: string | Buffer): Operation[] =>
    history.events(insert(history.message('a', payload)))
  before(async () => {
    server = await startMariadb({ settings: { max_connections: 20 } })
    await backend.applySchema(OPTIONS, mysqlSettings(server))
    await server.query("create user guest@'127.0.0.1' identified by 'public'")
  })
  after(async () => {
    await close()
    await server.stop()
  })
  const scene = scenes(async () => {
    await close()
    await server.query('truncate mqtt_msg; truncate holdfast_mark')
  })

  sqlServerSuite(scene, () => ({
    server,
    stored,
    connected,
    through: ({ host, port }) => connected({ server: { host, port } }),
    lock: () => server.query('lock tables mqtt_msg write; select sleep(0.5); unlock tables'),
    commit: MYSQL_COMMIT,
  }))

  scene('wrong password, no such database, no such server', async () => {
    const password = await refusal((await pool({ password: 'wrong' })).connect(never), 'denied')
    assert.match(password.hint!, /password/)
    assert.equal(password.code, 'ER_ACCESS_DENIED_ERROR')
    await refusal((await pool({ password: undefined })).connect(never), 'denied')
    assert.match(
      (await refusal((await pool({ database: 'nowhere' })).connect(never), 'denied')).hint!,
      /create the database/,
    )
    const nobody = { host: '127.0.0.1', port: await freePort() }
    assert.equal((await refusal((await pool({ server: nobody })).connect(never), 'transient')).code, 'ECONNREFUSED')
  })

  scene('a server that is read-only is waited for', async (history) => {
    await server.query("grant all on mqtt.* to guest@'127.0.0.1'")
    const made = await connected({ user: 'guest' })
    await server.query('set global read_only = 1')
    try {
      await refusal(made.write(put(history, '1'), null, exact, never), 'transient')
      await refusal(made.connect(never), 'transient')
    } finally {
      await server.query("set global read_only = 0; revoke all on mqtt.* from guest@'127.0.0.1'")
    }
  })

  scene('a server without a free connection is waited for', async () => {
    const guest = { user: 'guest', database: 'information_schema' }
    const many = await Promise.all(Array.from({ length: 25 }, () => pool(guest)))
    const results = await Promise.allSettled(many.map((each) => each.ping(never)))
    await Promise.all(many.map((each) => each.close()))
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as BackendError] : []))
    assert.ok(refused.length >= 5)
    for (const { errorClass, code } of refused)
      assert.deepEqual([errorClass, code], ['transient', 'ER_CON_COUNT_ERROR'])
  })

  scene('without the right to the mark the pool works, and says what it lacks', async (history) => {
    await server.createDatabase('bare')
    await server.query(`${OLD_TABLES}; grant all on bare.mqtt_msg to guest@'127.0.0.1'`, 'bare')
    const made = await pool({ user: 'guest', database: 'bare' })
    const { exactlyOnce, warnings } = await made.connect(never)
    assert.equal(exactlyOnce, false)
    assert.match(warnings[0]!, /at least once, not exactly once/)
    assert.equal(await made.mark(JOURNAL), null)
    await made.write(put(history, '1'), null, exact, never)
    assert.deepEqual(await stored('bare'), ['1'])
    const retain = history.events({ do: 'retain.put', message: history.message('a', '1'), node: 'n' })
    assert.match((await refusal(made.write(retain, null, exact, never), 'denied')).hint!, /grant/)
    await backend.applySchema(OPTIONS, mysqlSettings(server, 'bare'))
    await server.query("grant select on bare.holdfast_mark to guest@'127.0.0.1'")
    assert.equal((await made.connect(never)).exactlyOnce, false, 'it may not write what is there')
    await server.query("grant insert, update, create on bare.holdfast_mark to guest@'127.0.0.1'")
    assert.equal((await made.connect(never)).exactlyOnce, true)
  })

  scene('old tables are warned of', async () => {
    await server.createDatabase('old')
    await server.query(`${OLD_TABLES}; alter table mqtt_retain engine = MyISAM`, 'old')
    const { exactlyOnce, warnings } = await (await pool({ database: 'old' })).connect(never)
    assert.equal(exactlyOnce, false)
    const said = warnings.join('\n')
    assert.match(said, /mqtt_retain: its engine has no transactions/)
    assert.match(said, /mqtt_msg: .*topic \(1024\), sender \(1024\), payload \(65535\)/)
    assert.match(said, /mqtt_client: upper and lower case are the same in clientid/)
    assert.match(said, /mqtt_acked: not every character fits/)
    assert.match(said, /mqtt_msg.id is a 32-bit number/)
    assert.match(said, /no unique index on msgid/)
    assert.deepEqual((await (await pool()).connect(never)).warnings, [], 'ours')
  })

  scene('tables that change under load', async (history) => {
    const made = await connected()
    const bytes = Buffer.from([0xff, 0x00])
    const write = async (): Promise<void> => {
      const text = 'insert into mqtt_msg(topic, payload) values (?, ?)'
      await made.write([...put(history, bytes), ...history.events(custom([text, 'a', bytes]))], null, exact, never)
    }
    await write()
    await server.query('truncate mqtt_msg; alter table mqtt_msg modify payload longtext')
    try {
      await write()
      const encoded = `data:;base64,${bytes.toString('base64')}`
      assert.deepEqual(await stored(), [encoded, encoded])
      const rows = (await made.read({ read: 'messages', filter: 'a' }, never)) as readonly RemoteMessage[]
      assert.deepEqual(rows[0]!.payload, bytes)
      await server.query('alter table mqtt_msg modify arrived timestamp(3) null')
      await write()
      const again = (await made.read({ read: 'messages', filter: 'a' }, never)) as readonly RemoteMessage[]
      assert.ok(Math.abs(again[2]!.at - AT) < 1000)
    } finally {
      await server.query('truncate mqtt_msg; alter table mqtt_msg modify payload longblob, modify arrived datetime(3)')
    }
  })

  scene(
    'many rows at once: any bytes, any names, also again, in a column of text, and where nothing may be prepared',
    async (history) => {
      const payloads = Object.values(PAYLOADS).filter(({ length }) => length < 1000)
      const some = Array.from({ length: 2500 }, (_, n) => {
        const from = ODD_NAMES[n % ODD_NAMES.length]!
        return history.message(`bulk/${from}`, payloads[n % payloads.length]!, {
          from,
          qos: n % 2 ? 1 : 2,
          retain: n % 3 === 0,
        })
      })
      const batch = history.events(...some.map(insert))
      const read = async (made: Pool) =>
        (await made.read({ read: 'messages', filter: 'bulk/#' }, never)) as readonly RemoteMessage[]
      const check = async (): Promise<void> => {
        const made = await connected()
        await made.write(batch, null, exact, never)
        assert.deepEqual(await read(made), some)
        await made.write(batch, null, { idempotent: true }, never)
        assert.equal((await read(made)).length, some.length)
        const bad = history.events(...some.slice(0, 1200).map((one) => insert({ ...one, topic: 'bulk' })))
        await made.write(bad, null, exact, never) // they are there already: written idempotently then
        assert.equal((await stored()).length, some.length)
      }
      await check()
      await server.query('truncate mqtt_msg; alter table mqtt_msg modify payload longtext')
      try {
        await check()
      } finally {
        await server.query('truncate mqtt_msg; alter table mqtt_msg modify payload longblob')
      }
      await server.query('set global max_prepared_stmt_count = 0')
      try {
        await check()
      } finally {
        await server.query('set global max_prepared_stmt_count = 16382')
      }
    },
  )

  scene('a statement that commits: its batch moves the mark last', async (history) => {
    const made = await connected()
    const text = 'insert into mqtt_msg(topic, payload) values (?, ?)'
    const batch = [
      ...put(history, '1'),
      ...history.events(custom(['create table if not exists made(x int)']), custom([text, 'a', '2'])),
      ...history.events(custom(['insert into made values (?)', 'no number'])),
    ]
    const error = await refusal(made.write(batch, moveTo(batch), exact, never), 'permanent')
    assert.equal(error.operation, 3)
    assert.deepEqual(await stored(), ['1'], 'what was before it is there, what was behind it is not')
    assert.equal(await made.mark(JOURNAL), null)
    const good = batch.slice(0, 3)
    await made.write(good, moveTo(good), { idempotent: true }, never)
    assert.deepEqual(await stored(), ['1', '2'])
    assert.deepEqual(await made.mark(JOURNAL), moveTo(good).to)
    const stale = { ...moveTo(good).to, seq: 77 }
    const more = [...put(history, '3'), ...history.events(custom(['create table never_made(x int)']))]
    await assert.rejects(made.write(more, moveTo(more, stale), exact, never), MarkConflict)
    assert.deepEqual(await server.query("show tables like 'never_made'"), [])
  })

  scene('a batch longer than a packet goes in several, and is one transaction', async (history) => {
    await server.query('set global max_allowed_packet = 1048576')
    try {
      const made = await connected()
      const payload = 'x'.repeat(300_000)
      const batch = Array.from({ length: 8 }, () => put(history, payload)).flat()
      const wrong = history.events(custom(['insert into nowhere values (?)', 1]))
      await refusal(made.write([...batch, ...wrong], moveTo(wrong), exact, never), 'denied')
      assert.deepEqual(await stored(), [])
      await made.write(batch, moveTo(batch), exact, never)
      assert.equal((await stored()).length, 8)
      const long = [...put(history, 'short'), ...history.event(insert(history.message('a', 'x'.repeat(1_100_000))))]
      assert.equal((await refusal(made.write(long, null, exact, never), 'permanent')).code, 'TOO_LONG')
      const alone = await refusal(made.write(long.slice(1), null, exact, never), 'permanent')
      assert.equal(alone.operation, 0)
      assert.equal((await stored()).length, 8)
    } finally {
      await server.query('set global max_allowed_packet = 16777216')
    }
  })

  scene("the server's own modes change nothing", async (history) => {
    await server.query(
      "set global sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES,PIPES_AS_CONCAT', global time_zone = '+05:00'",
    )
    try {
      const made = await connected()
      const message = history.message("o'b\\", Buffer.from('it\'s \\ " \n'))
      const text = 'insert into mqtt_msg(topic, payload, arrived) values ("b\\n", ?, ?)'
      await made.write(history.events(insert(message), custom([text, "'\\", AT])), null, exact, never)
      const [own] = (await made.read({ read: 'messages', filter: "o'b\\" }, never)) as readonly RemoteMessage[]
      assert.deepEqual([own!.payload, own!.at], [message.payload, message.at])
      const [other] = (await made.read({ read: 'messages', filter: 'b\n' }, never)) as readonly RemoteMessage[]
      assert.deepEqual([`${other!.payload}`, other!.at], ["'\\", AT])
    } finally {
      await server.query("set global sql_mode = default, global time_zone = 'SYSTEM'")
    }
  })

  scene('parameters go by the type of their column, wherever it can be told', async (history) => {
    await server.query(
      'create table typed (n int primary key, b longblob, t longtext, u text character set latin1, at datetime, ms bigint)',
    )
    const made = await connected()
    const bytes = Buffer.from([0xff, 0x00])
    const umlaut = Buffer.from('ü')
    await made.write(
      history.events(
        custom(['insert into typed values (1, ?, ?, ?, ?, ?)', bytes, bytes, umlaut, AT, AT]),
        custom(['insert into typed (n, b) values (2, null), (3, ?)', bytes]),
        custom(['update typed set t = ?, `b` = ?, at = ? where n = 2', bytes, bytes, AT]),
        custom(['insert into typed (n, t) values (4, upper(?)) on duplicate key update b = ?', bytes, bytes]),
      ),
      null,
      exact,
      never,
    )
    const encoded = 'data:;base64,/wA='
    const rows = await server.query('select b, t, u, at, ms from typed order by n')
    assert.deepEqual(
      rows.map((row) => Object.values(row)),
      [
        [bytes, encoded, `data:;base64,${umlaut.toString('base64')}`, '2026-01-02 03:04:05', AT],
        [bytes, encoded, null, '2026-01-02 03:04:05', null],
        [bytes, null, null, null, null],
        [null, encoded.toUpperCase(), null, null, null],
      ],
    )
  })

  scene('a unique index that folds case loses nothing without a word', async (history) => {
    await server.createDatabase('folding')
    await server.query(`${OLD_TABLES}; alter table mqtt_msg add unique (msgid)`, 'folding')
    const made = await pool({ database: 'folding' })
    assert.match((await made.connect(never)).warnings.join('\n'), /takes upper and lower case for the same/)
    const [one, other] = ['a', 'A'].map((end) => ({ ...history.message('t', end), msgid: `00000000000000000${end}` }))
    await made.write(history.events(insert(one!)), null, exact, never)
    const error = await refusal(made.write(history.events(insert(other!)), null, exact, never), 'permanent')
    assert.equal(error.operation, 0)
    await made.write(history.events(insert(one!)), null, exact, never)
    assert.deepEqual(await stored('folding'), ['a'])
  })

  scene('tables without unique keys take one row a key all the same', async (history) => {
    const loose = OLD_TABLES.replace(/,\s*UNIQUE KEY \w+ \([^)]*\)/g, '')
    for (const [database, tables, shown] of [
      ['loose', loose, ['0', '2026-01-02 03:04:05', '2026-01-02 03:04:06']],
      ['keyless', schemaWithoutKeys(), [0, '2026-01-02 03:04:05.678', '2026-01-02 03:04:06.678']],
    ] as const) {
      assert.doesNotMatch(tables, /unique.*(clientid|topic|row_key)/i)
      await server.createDatabase(database)
      await server.query(tables, database)
      await takesOneRowAKey(database, history)
      const [row] = await server.query('select state, online_at, offline_at from mqtt_client', database)
      assert.deepEqual(Object.values(row!), shown)
    }
  })

  const takesOneRowAKey = async (database: string, history: History): Promise<void> => {
    const made = await connected({ database })
    const message = history.message('a', '1')
    const batch = history.events(
      { do: 'client.online', clientid: 'c', node: 'n1', at: AT },
      insert(message),
      { do: 'retain.put', message, node: 'n1' },
      ack('c', message),
    )
    for (const idempotent of [false, true]) await made.write(batch, null, { idempotent }, never)
    await made.write(
      history.events({ do: 'client.offline', clientid: 'c', node: 'n1', at: AT + 1000 }),
      null,
      exact,
      never,
    )
    for (const table of ['mqtt_client', 'mqtt_msg', 'mqtt_retain', 'mqtt_acked']) {
      assert.equal((await server.query(`select * from ${table}`, database)).length, 1, table)
    }
  }

  scene(
    'an encrypted connection, and a certificate that nobody vouches for',
    async (history) => {
      const certificate = await encrypt(server)
      await refusal((await pool({ ssl: true })).connect(never), 'denied')
      const made = await connected({ ssl: true, cafile: certificate })
      await made.write(put(history, '1'), null, exact, never)
      await made.write(
        history.events(
          custom([
            "create table cipher as select variable_value as name from information_schema.session_status where variable_name = 'ssl_cipher'",
          ]),
        ),
        null,
        exact,
        never,
      )
      assert.match(String((await server.query('select name from cipher'))[0]!.name), /^TLS_/)
      await refusal(
        (await pool({ ssl: true, cafile: certificate, server: { host: 'localhost', port: server.port } })).connect(
          never,
        ),
        'denied',
      )
      await connected({ ssl: true, verify: false })
    },
    NO_TLS,
  )
})

/** Gives the server a certificate of its own making, for 127.0.0.1. @returns the certificate's file */
async function encrypt(server: MariadbServer): Promise<string> {
  const [key, certificate] = [join(server.folder, 'server.key'), join(server.folder, 'server.crt')]
  const subject = ['-subj', '/CN=holdfast test', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject],
    { stdio: 'pipe' },
  )
  await server.end()
  await server.start({ ssl_key: key, ssl_cert: certificate })
  return certificate
}
