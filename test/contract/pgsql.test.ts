// What only PostgreSQL can do to us: rights, read-only servers, hangs, restarts, tables that change under load.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { backend } from '../../src/backends/pgsql/index.ts'
import type { RemoteMessage } from '../../src/model/operation.ts'
import { until } from '../helpers/gateway.ts'
import { freePort } from '../helpers/ports.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../helpers/postgres.ts'
import { custom, insert, JOURNAL } from './operations.ts'
import { sqlServerSuite } from './sql-server.ts'
import { pgsqlSettings } from './subjects/pgsql.ts'
import { exact, never, OPTIONS, opener, refusal, scenes } from './support.ts'

describe('pgsql: what a server may do', { skip: postgresMissing() }, () => {
  let server: PostgresServer
  const { pool, connected, close } = opener(backend, () => pgsqlSettings(server))
  const stored = async (): Promise<string[]> => {
    const rows = await server.query('select payload from mqtt_msg order by id')
    return rows.map(({ payload }) => String(payload))
  }

  before(async () => {
    server = await startPostgres({ settings: { max_connections: 12, superuser_reserved_connections: 3 } })
    await backend.applySchema(OPTIONS, pgsqlSettings(server))
    await server.query("create role guest login password 'public'")
  })
  after(async () => {
    await close()
    await server.stop()
  })
  test('a connection that can not be made ready is closed', async () => {
    await server.createDatabase('odd')
    await server.query('revoke execute on function has_table_privilege(text, text) from public', [], 'odd')
    const made = await pool({ database: 'odd', username: 'guest' })
    for (let time = 0; time < 3; time++) await assert.rejects(made.connect(never))
    await until('no connection of guest', async () => {
      const left = await server.query("select 1 from pg_stat_activity where usename = 'guest' and datname = 'odd'")
      return left.length === 0
    })
  })

  const scene = scenes(async () => {
    await close()
    await server.query('truncate mqtt_msg, holdfast_mark')
  })

  sqlServerSuite(scene, () => ({
    server,
    stored,
    connected,
    through: ({ host, port }) => connected({ server: [{ host, port }] }),
    lock: () => server.query('begin; lock table mqtt_msg; select pg_sleep(0.5); commit'),
  }))

  scene('wrong password, no such database, no such server', async () => {
    const password = await refusal((await pool({ password: 'wrong' })).connect(never), 'denied')
    assert.match(password.hint!, /password/)
    assert.equal(password.code, '28P01')
    await refusal((await pool({ password: undefined })).connect(never), 'denied')
    assert.match(
      (await refusal((await pool({ database: 'nowhere' })).connect(never), 'denied')).hint!,
      /create the database/,
    )
    const nobody = [{ host: '127.0.0.1', port: await freePort() }]
    assert.equal((await refusal((await pool({ server: nobody })).connect(never), 'transient')).code, 'ECONNREFUSED')
  })

  scene('the first server of the list that takes writes is used', async (history) => {
    const good = { host: server.host, port: server.port }
    const made = await connected({ server: [{ host: '127.0.0.1', port: await freePort() }, good] })
    await made.write(history.events(insert(history.message('a', '1'))), null, exact, never)
    assert.deepEqual(await stored(), ['1'])
  })

  scene('a server that is read-only is waited for', async (history) => {
    const made = await connected()
    await server.query('alter system set default_transaction_read_only = on')
    await server.query('select pg_reload_conf()')
    try {
      await sleep(100)
      await refusal(made.write(history.events(insert(history.message('a', '1'))), null, exact, never), 'transient')
      await refusal(made.connect(never), 'transient')
    } finally {
      await server.query('alter system reset default_transaction_read_only')
      await server.query('select pg_reload_conf()')
    }
    await sleep(100)
    await made.connect(never)
  })

  scene('a server without a free connection is waited for', async () => {
    const many = await Promise.all(Array.from({ length: 9 }, () => connected({ username: 'postgres' })))
    const error = await refusal((await pool({ username: 'guest' })).connect(never), 'transient')
    assert.equal(error.code, '53300')
    await Promise.all(many.map((each) => each.close()))
  })

  scene('without the right to the mark the pool works, and says what it lacks', async (history) => {
    await server.createDatabase('bare')
    await server.query(
      'create table mqtt_msg(id serial primary key, msgid text unique, sender text, topic text, qos int, retain int, payload text, arrived timestamp)',
      [],
      'bare',
    )
    await server.query('grant all on mqtt_msg, mqtt_msg_id_seq to guest', [], 'bare')
    const made = await pool({ username: 'guest', database: 'bare' })
    const { exactlyOnce, warnings } = await made.connect(never)
    assert.equal(exactlyOnce, false)
    assert.match(warnings[0]!, /at least once, not exactly once/)
    assert.equal(await made.mark(JOURNAL), null)
    await made.write(history.events(insert(history.message('a', '1'))), null, exact, never)
    const denied = await refusal(
      made.write(
        history.events({ do: 'retain.put', message: history.message('a', '1'), node: 'n' }),
        null,
        exact,
        never,
      ),
      'denied',
    )
    assert.match(denied.hint!, /schema pgsql --apply/)
    await server.query(
      'create table holdfast_mark(journal text, pool text, seq bigint, event text, node text, at timestamp, primary key (journal, pool))',
      [],
      'bare',
    )
    assert.equal((await made.connect(never)).exactlyOnce, false, 'it may not write what is there')
  })

  scene('a data table without the right to it is denied', async (history) => {
    await server.query('grant select, insert, update on holdfast_mark to guest')
    const made = await connected({ username: 'guest' })
    const error = await refusal(
      made.write(history.events(insert(history.message('a', '1'))), null, exact, never),
      'denied',
    )
    assert.equal(error.code, '42501')
  })

  scene('old tables are warned of', async () => {
    await server.createDatabase('old')
    await server.query('create table mqtt_msg(id serial primary key, msgid varchar(60), topic varchar(200))', [], 'old')
    const { exactlyOnce, warnings } = await (await pool({ database: 'old' })).connect(never)
    assert.equal(exactlyOnce, true, 'the mark is made without being asked')
    assert.match(warnings.join('\n'), /msgid \(60\), topic \(200\)/)
    assert.match(warnings.join('\n'), /32-bit/)
    assert.match(warnings.join('\n'), /no unique index on msgid/)
  })

  scene('tables that change under load', async (history) => {
    const made = await connected()
    const put = async (payload: Buffer): Promise<void> => {
      const own = insert(history.message('a', payload))
      await made.write(
        history.events(own, own, custom(['insert into mqtt_msg(topic, payload) values (?, ?)', 'a', payload])),
        null,
        exact,
        never,
      )
    }
    const bytes = Buffer.from([0xff, 0x00])
    await put(bytes)
    await server.query("alter table mqtt_msg alter payload type bytea using convert_to(payload, 'UTF8')")
    try {
      await put(bytes)
      await server.query("alter table mqtt_msg alter arrived type timestamptz using arrived at time zone 'utc'")
      await put(bytes)
      const rows = (await made.read({ read: 'messages', filter: 'a' }, never)) as readonly RemoteMessage[]
      assert.deepEqual(
        rows.slice(-4).map(({ payload }) => payload),
        [bytes, bytes, bytes, bytes],
      )
      assert.ok(Math.abs(rows.at(-2)!.at - rows[0]!.at) < 1000, 'the same time in another type')
    } finally {
      await server.query(
        "truncate mqtt_msg; alter table mqtt_msg alter payload type text using ''; alter table mqtt_msg alter arrived type timestamp(3)",
      )
    }
  })

  scene('an encrypted connection, and a certificate that nobody vouches for', async (history) => {
    const certificate = await encrypt(server)
    await refusal((await pool({ ssl: true })).connect(never), 'denied')
    const made = await connected({ ssl: true, cafile: certificate })
    await made.write(history.events(insert(history.message('a', '1'))), null, exact, never)
    const [row] = await server.query(
      "select bool_or(ssl) as ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'holdfast' and state = 'idle'",
    )
    assert.equal(row!.ssl, true)
    await connected({ ssl: true, verify: false })
  })
})

/** Gives the server a certificate of its own making. @returns the certificate's file */
async function encrypt(server: PostgresServer): Promise<string> {
  const data = join(server.folder, 'data')
  const [key, certificate] = [join(data, 'server.key'), join(data, 'server.crt')]
  const subject = ['-subj', '/CN=holdfast test', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject],
    { stdio: 'pipe' },
  )
  chmodSync(key, 0o600)
  const { uid, gid } = statSync(data)
  for (const file of [key, certificate]) chownSync(file, uid, gid)
  await server.query('alter system set ssl = on')
  await server.query('select pg_reload_conf()')
  await sleep(300)
  return certificate
}
