// What only MongoDB can do to us: rights, leaders that step down, hangs, kills, transactions left open, members that lag.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MongoClient } from 'mongodb'
import { backend } from '../../src/backends/mongo/index.ts'
import type { MarkMove, RemoteMessage } from '../../src/model/operation.ts'
import { type MongoServer, mongoMissing, startMongo } from '../helpers/mongo.ts'
import { freePort } from '../helpers/ports.ts'
import { type Exchange, startProxy } from '../helpers/proxy.ts'
import { AT, ack, History, insert, JOURNAL, moveTo } from './operations.ts'
import { mongoSettings, oldCollections } from './subjects/mongo.ts'
import { exact, never, OPTIONS, opener, refusal, scenes } from './support.ts'

const TLS = join(import.meta.dirname, '../helpers/tls')

const COMMIT: Exchange = { asked: () => (said) => said.includes('commitTransaction'), answered: /ok/ }

describe('mongo: what a replica set may do', { skip: mongoMissing() }, () => {
  let server: MongoServer
  const { pool, connected, close } = opener(backend, () => mongoSettings(server))
  const stored = async (): Promise<string[]> =>
    (await server.db().collection('mqtt_msg').find().sort({ _id: 1 }).toArray()).map(({ payload }) => payload)
  const put = (history: History, payload: string | Buffer) => history.events(insert(history.message('a', payload)))

  before(async () => {
    server = await startMongo()
    await backend.applySchema(OPTIONS, mongoSettings(server))
  })
  after(async () => {
    await close()
    await server.stop()
  })
  const scene = scenes(async () => {
    await close()
    for (const each of await server.db().collections()) await each.deleteMany({})
  })

  scene('no such server is waited for', async () => {
    const nobody = [{ host: '127.0.0.1', port: await freePort() }]
    const error = await refusal((await pool({ server: nobody })).connect(never), 'transient')
    assert.equal(error.code, 'ECONNREFUSED')
  })

  scene('a server that hangs is given up, and connected to anew', async (history) => {
    const made = await connected()
    const batch = put(history, '1')
    const started = performance.now()
    server.pause()
    try {
      await refusal(made.write(batch, moveTo(batch), exact, AbortSignal.timeout(500)), 'transient')
      await refusal(made.read({ read: 'messages', filter: 'a' }, AbortSignal.timeout(500)), 'transient')
      await refusal(made.connect(AbortSignal.timeout(500)), 'transient')
      assert.ok(performance.now() - started < 3000)
    } finally {
      server.resume()
    }
    await made.connect(never)
    const mark = await made.mark(JOURNAL)
    if (!mark) await made.write(batch, moveTo(batch), exact, never)
    assert.deepEqual(await stored(), ['1'])
  })

  scene('a server that is killed takes nothing along that it confirmed', async (history) => {
    const made = await connected()
    let from: MarkMove['from'] = null
    for (let n = 1; n <= 5; n++) {
      const batch = put(history, `${n}`)
      const move = moveTo(batch, from)
      await made.write(batch, move, exact, never)
      from = move.to
    }
    await server.kill9()
    await refusal(made.write(put(history, 'x'), null, exact, AbortSignal.timeout(3000)), 'transient')
    await server.start()
    await made.connect(never)
    assert.deepEqual(await made.mark(JOURNAL), from)
    assert.deepEqual(await stored(), ['1', '2', '3', '4', '5'])
  })

  scene('a leader that steps down is waited for', async (history) => {
    const made = await connected()
    await server.db('admin').command({ replSetStepDown: 2, force: true })
    await refusal(made.write(put(history, '1'), null, exact, AbortSignal.timeout(1000)), 'transient')
    await refusal(made.connect(AbortSignal.timeout(1000)), 'transient')
    for (;;) {
      if (
        await made.connect(never).then(
          () => true,
          () => sleep(100, false),
        )
      )
        break
    }
    await made.write(put(history, '2'), null, { idempotent: true }, never)
    assert.deepEqual(await stored(), ['2'])
  })

  scene('a lost answer to a commit is found by the mark', async (history) => {
    const proxy = await startProxy({ port: server.port }, COMMIT)
    try {
      const made = await connected({ server: [{ host: '127.0.0.1', port: proxy.port }] })
      const batch = put(history, '1')
      const lost = proxy.swallowAnswer(2) // the driver asks once more by itself
      const written = made.write(batch, moveTo(batch), exact, AbortSignal.timeout(4000))
      await Promise.all([lost, refusal(written, 'transient')])
      await made.connect(never)
      assert.deepEqual(await made.mark(JOURNAL), moveTo(batch).to)
      assert.deepEqual(await stored(), ['1'])
    } finally {
      await proxy.close()
    }
  })

  scene('a transaction that a dead connection left open holds nobody up', async (history) => {
    const proxy = await startProxy({ port: server.port }, COMMIT)
    const first = put(history, '1')
    const second = put(history, '2')
    try {
      const dead = await connected({ server: [{ host: '127.0.0.1', port: proxy.port }] })
      await dead.write(first, moveTo(first), exact, never)
      const big = history.events(...Array.from({ length: 5000 }, () => insert(history.message('a', 'lost'))))
      const writing = refusal(
        dead.write(big, moveTo(big, moveTo(first).to), exact, AbortSignal.timeout(30_000)),
        'transient',
      )
      const active = { $currentOp: { allUsers: true, idleSessions: true } }
      for (;;) {
        const ops = await server
          .db('admin')
          .aggregate([active, { $match: { transaction: { $exists: true } } }])
          .toArray()
        if (ops.length > 0) break
      }
      await proxy.refuse()
      await writing
    } finally {
      await proxy.close()
    }
    const made = await connected()
    const mark = await made.mark(JOURNAL)
    if (mark!.seq === moveTo(first).to.seq) {
      const started = performance.now()
      await made.write(second, moveTo(second, mark), exact, never)
      assert.ok(performance.now() - started < 5000, 'waited for the other transaction')
      assert.deepEqual(await stored(), ['1', '2'])
    } else assert.equal((await stored()).length, 5001) // it was quicker than the cut
  })

  scene("gateways that write at once: a number is nobody else's, and what they meet on is tried again", async () => {
    const gateways = await Promise.all([1, 2, 3].map(() => connected()))
    const histories = gateways.map((_, node) => new History(node + 1))
    await Promise.all(
      gateways.map(async (made, g) => {
        const history = histories[g]!
        let from: MarkMove['from'] = null
        for (let n = 0; n < 10; n++) {
          const message = history.message('t', `${g}.${n}`, { retain: true })
          const online = { do: 'client.online', clientid: 'shared', node: `n${g}`, at: AT + n } as const
          const batch = history.events(
            insert(message),
            { do: 'retain.put', message, node: 'n' },
            online,
            ack('c', message),
          )
          const move = moveTo(batch, from, `journal-of-${g}`)
          await made.write(batch, move, exact, never)
          from = move.to
        }
      }),
    )
    const rows = await stored()
    assert.equal(rows.length, 30)
    for (const g of [0, 1, 2]) {
      assert.deepEqual(
        rows.filter((row) => row.startsWith(`${g}.`)),
        Array.from({ length: 10 }, (_, n) => `${g}.${n}`),
      )
    }
    for (const table of ['mqtt_retain', 'mqtt_client', 'mqtt_acked']) {
      assert.equal(await server.db().collection(table).countDocuments(), 1, table)
    }
    const [last] = await server.db().collection('mqtt_msg').find().sort({ _id: -1 }).limit(1).toArray()
    assert.equal((await server.db().collection('mqtt_acked').findOne())!.mongo_id, last!._id)
  })

  scene('a number that somebody else has taken', async (history) => {
    const made = await connected()
    await made.write(put(history, '1'), null, exact, never)
    const messages = server.db().collection<{ _id: number; topic: string; payload: string }>('mqtt_msg')
    await messages.insertMany([2, 3, 4].map((_id) => ({ _id, topic: 'a', payload: `theirs ${_id}` })))
    await made.write([...put(history, '2'), ...put(history, '3')], null, exact, never)
    assert.deepEqual(await stored(), ['1', 'theirs 2', 'theirs 3', 'theirs 4', '2', '3'])
    await messages.insertOne({ _id: 2 ** 40, topic: 'a', payload: 'far away' })
    await server.db().collection('holdfast_counter').deleteMany({})
    await made.write(put(history, 'behind it'), null, exact, never)
    assert.equal((await stored()).at(-1), 'behind it')
    await made.write(history.events(ack('c', history.message('a', 'never stored'))), null, exact, never)
  })

  scene('a message that is too large is refused alone', async (history) => {
    const made = await connected()
    const error = await refusal(made.write(put(history, Buffer.alloc(17 << 20, 'x')), null, exact, never), 'permanent')
    assert.equal(error.operation, 0)
    await made.write(put(history, '1'), null, exact, never)
    assert.deepEqual(await stored(), ['1'])
  })

  scene("EMQX's own collections get our indexes beside theirs", async (history) => {
    await oldCollections(server.db('old'))
    const made = await pool({ database: 'old' })
    const { exactlyOnce, warnings } = await made.connect(never)
    assert.equal(exactlyOnce, true)
    assert.equal(warnings.length, 6)
    assert.match(warnings.at(-1)!, /holdfast schema mongo --apply --pool pool1/)
    await made.write(put(history, '1'), null, exact, never)
    for (let times = 0; times < 2; times++)
      await backend.applySchema(OPTIONS, mongoSettings(server, { database: 'old' }))
    assert.deepEqual((await made.connect(never)).warnings, [])
  })

  scene('a member that lags behind is not believed', async (history) => {
    const member = await startMongo({ follows: server, flags: ['--setParameter', 'enableTestCommands=1'] })
    try {
      const both = [server, member].map(({ host, port }) => ({ host, port }))
      const plugin = { 'topology.heartbeat_frequency_ms': 500, 'topology.server_selection_timeout_ms': 3000 }
      const made = await connected({ type: 'rs', rs_set_name: 'rs0', server: both, r_mode: 'slave_ok', plugin })
      const read = async (signal = never): Promise<string[]> =>
        ((await made.read({ read: 'messages', filter: 'a' }, signal)) as readonly RemoteMessage[]).map(
          ({ payload }) => `${payload}`,
        )
      const before = await asked(member)
      for (let n = 1; n <= 20; n++) {
        await made.write(put(history, `${n}`), null, exact, never)
        assert.equal((await read()).length, n)
      }
      assert.ok((await asked(member)) >= before + 20, 'the member answers reads')
      await member.db('admin').command({ configureFailPoint: 'rsSyncApplyStop', mode: 'alwaysOn' })
      await made.write(put(history, 'late'), null, exact, never)
      await refusal(read(AbortSignal.timeout(500)), 'transient')
      await member.db('admin').command({ configureFailPoint: 'rsSyncApplyStop', mode: 'off' })
      assert.equal((await read()).at(-1), 'late')
    } finally {
      await member.stop()
    }
  })
})

/** Queries that the server has answered. */
async function asked(server: MongoServer): Promise<number> {
  return (await server.db('admin').command({ serverStatus: 1 })).opcounters.query
}

describe('mongo: users, and TLS', { skip: mongoMissing() }, () => {
  let server: MongoServer
  let admin: MongoClient
  let folder: string
  const { pool, connected, close } = opener(backend, () => mongoSettings(server))
  const admins = { login: 'boss', password: 'secret', auth_source: 'admin' }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-mongo-tls-'))
    const pem = join(folder, 'both.pem')
    writeFileSync(pem, ['key', 'cert'].map((name) => readFileSync(join(TLS, `${name}.pem`), 'utf8')).join(''))
    server = await startMongo({
      admin: { user: admins.login, password: admins.password },
      flags: ['--tlsMode', 'allowTLS', '--tlsCertificateKeyFile', pem],
    })
    admin = server.connection()
    await backend.applySchema(OPTIONS, mongoSettings(server, admins))
    const db = admin.db('mqtt')
    const on = (collection: string, actions: string[]) => ({ resource: { db: 'mqtt', collection }, actions })
    const writing = ['find', 'insert', 'update', 'remove']
    const own = ['mqtt_client', 'mqtt_sub', 'mqtt_msg', 'mqtt_retain', 'mqtt_acked', 'holdfast_counter']
    await db.command({ createRole: 'markless', privileges: own.map((one) => on(one, writing)), roles: [] })
    await db.command({ createRole: 'reader', privileges: [on('', ['find'])], roles: [] })
    for (const [user, role] of [
      ['emqtt', 'readWrite'],
      ['markless', 'markless'],
      ['reader', 'reader'],
    ]) {
      await db.command({ createUser: user, pwd: 'public', roles: [role] })
    }
  })
  after(async () => {
    await close()
    await admin.close()
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  test('wrong password, unknown user, wrong auth_source, no user', async () => {
    for (const wrong of [
      { ...admins, password: 'no' },
      { ...admins, login: 'nobody' },
      { ...admins, auth_source: 'mqtt' },
    ]) {
      const error = await refusal((await pool(wrong)).connect(never), 'denied')
      assert.match(error.hint!, /auth_source/)
    }
    await refusal((await pool()).connect(never), 'denied')
  })

  test('a user of the database itself needs no auth_source', async () => {
    const made = await pool({ login: 'emqtt', password: 'public' })
    assert.partialDeepStrictEqual(await made.connect(never), { exactlyOnce: true, warnings: [] })
    const history = new History()
    const batch = history.events(insert(history.message('a', '1')))
    await made.write(batch, moveTo(batch), exact, never)
    assert.deepEqual(await made.mark(JOURNAL), moveTo(batch).to)
  })

  test('without a right to the mark: at least once, said', async () => {
    const made = await pool({ login: 'markless', password: 'public' })
    const { exactlyOnce, warnings } = await made.connect(never)
    assert.equal(exactlyOnce, false)
    assert.match(warnings[0]!, /holdfast_mark.*at least once/)
    assert.equal(await made.mark(JOURNAL), null)
    const history = new History()
    await made.write(history.events(insert(history.message('a', '2'))), null, exact, never)
  })

  test('without a right to a collection: denied', async () => {
    const made = await connected({ login: 'reader', password: 'public' })
    const history = new History()
    const error = await refusal(
      made.write(history.events(insert(history.message('a', '3'))), null, exact, never),
      'denied',
    )
    assert.match(error.hint!, /readWrite/)
  })

  test('an encrypted connection, and a certificate that nobody vouches for', async () => {
    await refusal((await pool({ ...admins, ssl: true })).connect(never), 'denied')
    const cafile = join(TLS, 'cert.pem')
    const made = await connected({ ...admins, ssl: true, cafile })
    await made.ping(never)
    const { connections } = await admin.db('admin').command({ serverStatus: 1, connections: 1 })
    assert.ok(connections.current > 0)
    await connected({ ...admins, ssl: true, verify: false })
    const plain = await startMongo({ replicaSet: false })
    try {
      const there = [{ host: plain.host, port: plain.port }]
      await refusal((await pool({ ssl: true, cafile, server: there })).connect(never), 'transient')
    } finally {
      await plain.stop()
    }
  })
})
