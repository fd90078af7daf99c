// The configuration as a transaction, on whole gateways: checked as a whole, taken up while it runs, taken back when nobody
// confirms, over power cuts too; and what waits in the queue is neither lost nor altered by any of it.

import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openForRead, openForWrite } from '../../src/sqlite/open.ts'
import { type GatewayFiles, GatewayProcess, until } from '../helpers/gateway.ts'
import { atEnd } from '../helpers/journal.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { freePort } from '../helpers/ports.ts'

const STORE = '{"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}'
const SQLITE = `# ours\nbackend.sqlite.pool1.database = one.db\nbackend.sqlite.hook.message.publish.1 = ${STORE}\n`
const CALM = 'sys.interval = 1h\n'

async function gatewayWith(t: TestContext, files: GatewayFiles = {}): Promise<GatewayProcess> {
  const gateway = new GatewayProcess()
  atEnd(t, () => gateway.remove())
  gateway.port = await freePort()
  gateway.configure({ plugins: { sqlite: SQLITE }, ...files, conf: CALM + (files.conf ?? '') })
  return gateway.start()
}

/** As somebody else would call it. */
async function as<T>(who: string, action: () => Promise<T>): Promise<T> {
  process.env.SUDO_USER = who
  try {
    return await action()
  } finally {
    delete process.env.SUDO_USER
  }
}

const conf = (gateway: GatewayProcess): string => readFileSync(join(gateway.etc, 'holdfast.conf'), 'utf8')
const plugin = (gateway: GatewayProcess): string =>
  readFileSync(join(gateway.etc, 'plugins', 'emqx_backend_sqlite.conf'), 'utf8')

function payloads(gateway: GatewayProcess, database: string): string[] {
  const file = join(gateway.data, database)
  if (!existsSync(file)) return []
  const db = openForRead(file)
  try {
    return db.prepare<[], string>('select payload from mqtt_msg order by id').pluck().all()
  } catch {
    return [] // no table yet
  } finally {
    db.close()
  }
}

/** Nobody else writes to the database until it is called. */
function locked(gateway: GatewayProcess, database: string): () => void {
  const db = openForWrite(join(gateway.data, database))
  db.exec('begin exclusive')
  return () => db.close()
}

async function publish(gateway: GatewayProcess, ...payloads: string[]): Promise<void> {
  const client = await Client.connect(gateway.url, 'publisher')
  for (const payload of payloads) await client.publish('t', payload)
  await client.end()
}

test('set, diff, commit: the file keeps its comments, what runs goes by it at once, the history has who and why', async (t) => {
  const gateway = await gatewayWith(t, { conf: '## How much\nmqtt.max_packet_size = 1MB\n' })
  const before = conf(gateway)
  const client = await Client.connect(gateway.url, 'before')
  await gateway.ctl('config', 'set', 'mqtt.max_packet_size', '1KB')
  await gateway.ctl('config', 'set', 'mqtt.max_topic_levels', '3')
  assert.equal(conf(gateway), before)
  const { diff } = await gateway.ctl('config', 'diff')
  assert.match(diff, /^-mqtt.max_packet_size = 1MB\n\+mqtt.max_packet_size = 1KB\n\+mqtt.max_topic_levels = 3$/m)
  const committed = await as('anna', () => gateway.ctl('config', 'commit', '--take', '--comment', 'small ones'))
  assert.deepEqual(committed.changes, ['mqtt.max_packet_size changes.', 'mqtt.max_topic_levels changes.'])
  assert.equal(conf(gateway), before.replace('1MB\n', '1KB\nmqtt.max_topic_levels = 3\n'))
  await client.publish('t', 'x'.repeat(900))
  const late = await Client.connect(gateway.url, 'after')
  late.mqtt.on('error', () => {})
  late.mqtt.publish('t', 'x'.repeat(5000), { qos: 1 })
  await until('it is cut off', () => !late.mqtt.connected)
  const [newest, first] = await gateway.ctl('config', 'history')
  assert.deepEqual(
    [newest.who, newest.from, newest.comment, newest.runs, newest.trusted],
    ['anna', 'ctl', 'small ones', true, true],
  )
  assert.deepEqual([first.comment, first.runs], ['found in the files', false])
  assert.match(await gateway.refusal('config', 'commit'), /it is what runs already/)
  await gateway.stop()
  await gateway.start()
  assert.equal((await gateway.ctl('config', 'history')).length, 2)
  await client.end()
})

test('a fault: all of them, positioned; nothing is committed, nothing is written', async (t) => {
  const gateway = await gatewayWith(t)
  const [before, hooks] = [conf(gateway), plugin(gateway)]
  await gateway.ctl('config', 'set', 'mqtt.max_inflight', 'many')
  const bad =
    'backend.sqlite.hook.message.publish.2 = {"topic": "a", "action": {"function": "on_message_publsh"}, "pool": "pool2"}'
  const [key, value] = bad.split(' = ') as [string, string]
  const { faults } = await gateway.ctl('config', 'set', key, value)
  assert.deepEqual(
    faults.map(({ line, column, message }: Record<string, unknown>) => [line, column, message]),
    [
      [4, 79, 'unknown function on_message_publsh'],
      [4, 109, 'pool pool2 is not defined'],
    ].map(([line, column, message]) => [line, Number(column), message]),
  )
  const checked = await gateway.badAnswer('config', 'check')
  assert.deepEqual([checked.errors, checked.faults.length], [3, 3])
  const said = await gateway.refusal('config', 'commit')
  assert.match(said, /the configuration has 3 faults; the running one goes on/)
  assert.ok(said.includes(`${gateway.etc}/holdfast.conf:`) && said.includes('emqx_backend_sqlite.conf:4:'), said)
  assert.deepEqual([conf(gateway), plugin(gateway)], [before, hooks])
  assert.equal((await gateway.ctl('config', 'status')).candidate.revision, 2)
  await gateway.ctl('config', 'discard')
  assert.equal((await gateway.ctl('config', 'check')).errors, 0)
})

test('secrets: shown as ***, which stands for what is there when it is given back', async (t) => {
  const pgsql = `backend.pgsql.pool1.server = 127.0.0.1:1\nbackend.pgsql.pool1.password = s3cret\n# backend.pgsql.pool1.password = 0lder\n`
  const gateway = await gatewayWith(t, { plugins: { sqlite: SQLITE, pgsql } })
  const file = 'plugins/emqx_backend_pgsql.conf'
  const path = join(gateway.etc, file)
  const said: string[] = []
  const ctl = async (...words: string[]): Promise<string> => {
    const told = await gateway.holdfast('ctl', ...words)
    said.push(told)
    return told
  }
  const shown = await ctl('config', 'file', 'get', file)
  assert.match(shown, /password = \*\*\*\n# .*password = \*\*\*\n/)
  writeFileSync(join(gateway.root, 'edited'), shown.replace('127.0.0.1:1', '127.0.0.1:2'))
  await ctl('config', 'file', 'put', file, join(gateway.root, 'edited'))
  await ctl('config', 'set', 'backend.pgsql.pool1.password', '***')
  await ctl('config', 'diff')
  await ctl('config', 'commit')
  assert.equal(readFileSync(path, 'utf8'), pgsql.replace('127.0.0.1:1', '127.0.0.1:2'))
  await ctl('config', 'set', 'backend.pgsql.pool1.password', 'an0ther')
  assert.match(await ctl('config', 'diff'), /~backend.pgsql.pool1.password is another secret/)
  await ctl('config', 'commit')
  await ctl('config', 'show', 'backend', '--json')
  await ctl('config', 'history')
  await ctl('status', '--json')
  assert.doesNotMatch(said.join('\n') + gateway.output, /s3cret|0lder|an0ther/)
  assert.match(await gateway.refusal('config', 'set', 'backend.pgsql.pool2.password', '***'), /there is none/)
  for (const kept of ['versions/1.json', 'versions/2.json']) {
    assert.equal(statSync(join(gateway.data, 'config', kept)).mode & 0o777, 0o600)
  }
})

test('not confirmed: it is taken back by itself', async (t) => {
  const gateway = await gatewayWith(t)
  const before = conf(gateway)
  await gateway.ctl('config', 'set', 'mqtt.max_inflight', '7')
  const { confirmWithinMs } = await gateway.ctl('config', 'commit', '--confirm', '3s')
  assert.equal(confirmWithinMs, 3000)
  await until('it is back', () => conf(gateway) === before)
  await until('it counts', async () => (await gateway.ctl('config', 'status')).toConfirm === null)
  assert.match(await gateway.refusal('config', 'confirm'), /no commit waits/)
  const [newest] = await gateway.ctl('config', 'history')
  assert.equal(newest.comment, 'as 1: it was not confirmed in time')
})

test('what is taken back lets in again whom it locked out; meanwhile nothing else is committed', async (t) => {
  const gateway = await gatewayWith(t)
  const before = conf(gateway)
  const elsewhere = await freePort()
  const client = await Client.connect(gateway.url, 'held', { clean: false })
  await gateway.ctl('config', 'set', 'listener.tcp.default', `127.0.0.1:${elsewhere}`)
  const { changes } = await gateway.ctl('config', 'commit', '--confirm', '60')
  assert.deepEqual(changes, ['Listener tcp:default opens anew: its clients are disconnected and may connect again.'])
  await assert.rejects(Client.connect(gateway.url, 'x'))
  const there = await Client.connect(`mqtt://127.0.0.1:${elsewhere}`, 'held', { clean: false })
  await gateway.ctl('config', 'set', 'mqtt.max_inflight', '7')
  const unconfirmed = /version 2 waits for its confirmation\nhint: `config confirm`/
  assert.match(await gateway.refusal('config', 'commit'), unconfirmed)
  assert.match(await gateway.refusal('plugins', 'unload', 'emqx_backend_sqlite'), unconfirmed)
  assert.deepEqual(await gateway.ctl('config', 'rollback'), { back: 1 })
  assert.equal(conf(gateway), before)
  await assert.rejects(Client.connect(`mqtt://127.0.0.1:${elsewhere}`, 'x'))
  const again = await Client.connect(gateway.url, 'held', { clean: false })
  for (const one of [client, there, again]) await one.end()
})

test('the page moves to another address, and comes back when it is taken back', async (t) => {
  const [here, there] = [await freePort(), await freePort()]
  const gateway = await gatewayWith(t, { conf: `web.listen = 127.0.0.1:${here}\n` })
  const answers = (port: number): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    )
  await until('the page', () => answers(here))
  await gateway.ctl('config', 'set', 'web.listen', `127.0.0.1:${there}`)
  const { changes } = await gateway.ctl('config', 'commit', '--confirm', '60')
  assert.deepEqual(changes, ['web.listen changes.', 'The page opens anew; logins go on.'])
  await until('the page is there', () => answers(there))
  await until('the former page is gone', async () => !(await answers(here)))
  await gateway.ctl('config', 'rollback')
  await until('the page is back', () => answers(here))
  await gateway.stop()
})

test('confirmed: it stays', async (t) => {
  const gateway = await gatewayWith(t)
  await gateway.ctl('config', 'set', 'mqtt.max_inflight', '7')
  await gateway.ctl('config', 'commit', '--confirm', '60')
  assert.deepEqual(await gateway.ctl('config', 'confirm'), { version: 2 })
  await gateway.kill9()
  await gateway.start()
  assert.match(conf(gateway), /max_inflight = 7/)
  assert.equal((await gateway.ctl('config', 'status')).toConfirm, null)
  await gateway.ctl('config', 'set', 'mqtt.max_inflight', '8')
  await gateway.ctl('config', 'commit', '--confirm', '60')
  assert.deepEqual(await gateway.ctl('config', 'rollback'), { back: 2 })
  assert.match(conf(gateway), /max_inflight = 7/)
})

test('a power cut before the confirmation: the next start takes it back', async (t) => {
  const gateway = await gatewayWith(t)
  const before = conf(gateway)
  await gateway.ctl('config', 'set', 'mqtt.max_inflight', '7')
  await gateway.ctl('config', 'commit', '--confirm', '60')
  assert.notEqual(conf(gateway), before)
  await gateway.kill9()
  await gateway.start()
  assert.equal(conf(gateway), before)
  assert.match(gateway.output, /"instead":2,"msg":"config_taken_back"/)
  const history = await gateway.ctl('config', 'history')
  assert.deepEqual(
    history.map(({ comment }: { comment: string }) => comment)[0],
    'as 1: 2 was not confirmed before the gateway ended',
  )
})

test('a power cut between the files of one commit: the next start finishes it', async (t) => {
  const gateway = await gatewayWith(t)
  const [before, hooks] = [conf(gateway), plugin(gateway)]
  await gateway.ctl('config', 'set', 'mqtt.max_inflight', '7')
  await gateway.ctl('config', 'set', 'backend.sqlite.pool1.database', 'two.db')
  await gateway.ctl('config', 'commit')
  const [after, newHooks] = [conf(gateway), plugin(gateway)]
  await gateway.kill9()
  writeFileSync(join(gateway.etc, 'plugins', 'emqx_backend_sqlite.conf'), hooks)
  writeFileSync(join(gateway.data, 'config', 'unfinished.json'), '{"installing": 2}')
  await gateway.start()
  assert.deepEqual([conf(gateway), plugin(gateway)], [after, newHooks])
  assert.match(gateway.output, /config_installed/)
  assert.notEqual(after, before)
})

test('a listener that can not be opened: refused, and everything is as before', async (t) => {
  const gateway = await gatewayWith(t)
  const [before, other] = [conf(gateway), await gatewayWith(t)]
  const client = await Client.connect(gateway.url, 'stays')
  await gateway.ctl('config', 'set', 'listener.tcp.more', `127.0.0.1:${other.port}`)
  await gateway.ctl('config', 'set', 'mqtt.max_inflight', '7')
  const said = await gateway.refusal('config', 'commit')
  assert.match(said, new RegExp(`listener.tcp.more can't listen on 127.0.0.1:${other.port} \\(EADDRINUSE\\)`))
  assert.equal(conf(gateway), before)
  await client.publish('t', 'still here')
  assert.equal((await gateway.ctl('config', 'history')).length, 1)
  await gateway.ctl('config', 'set', 'listener.tcp.more', `127.0.0.1:${await freePort()}`)
  await gateway.ctl('config', 'commit')
  assert.deepEqual(
    (await gateway.ctl('status')).listeners.map(({ name }: { name: string }) => name),
    ['tcp:default', 'tcp:more'],
  )
  await client.publish('t', 'still here')
  await client.end()
})

test('two who edit at once: told of each other, and no change is lost under a commit', async (t) => {
  const gateway = await gatewayWith(t)
  await as('anna', () => gateway.ctl('config', 'set', 'mqtt.max_inflight', '7'))
  const bert = (...words: string[]): Promise<string> => as('bert', () => gateway.refusal(...words))
  assert.match(
    await bert('config', 'set', 'mqtt.max_offline', '7'),
    /anna \(ctl\) is changing the configuration\nhint: --take/,
  )
  assert.match(await bert('config', 'commit'), /anna \(ctl\) is changing/)
  assert.match(await bert('config', 'discard'), /anna \(ctl\) is changing/)
  await as('bert', () => gateway.ctl('config', 'set', 'mqtt.max_offline', '7', '--take'))
  const { candidate } = await gateway.ctl('config', 'status')
  assert.deepEqual([candidate.owner.who, candidate.revision], ['bert', 2])
  const stale = await as('bert', () => gateway.refusal('config', 'set', 'mqtt.max_offline', '8', '--revision', '1'))
  assert.match(stale, /the candidate is at revision 2, not 1/)

  appendFileSync(join(gateway.etc, 'holdfast.conf'), 'queue.retain = 1h\n')
  assert.match(await bert('config', 'commit'), /the configuration was changed by hand since you began at 20/)
  await as('bert', () => gateway.ctl('config', 'discard'))
  assert.deepEqual((await gateway.ctl('config', 'status')).editedByHand, ['holdfast.conf'])
  assert.deepEqual((await gateway.ctl('config', 'commit')).changes, ['queue.retain changes.'])

  await as('anna', () => gateway.ctl('config', 'set', 'mqtt.max_inflight', '9'))
  await as('bert', () => gateway.ctl('plugins', 'unload', 'emqx_backend_sqlite')) // not what anna is changing
  await as('anna', () => gateway.ctl('config', 'commit'))
  assert.equal(readFileSync(join(gateway.etc, 'loaded_plugins'), 'utf8'), '')
  assert.match(conf(gateway), /max_inflight = 9/)
})

test('plugins load and unload take up what was edited in their files, and leave alone what was in others', async (t) => {
  const gateway = await gatewayWith(t)
  appendFileSync(join(gateway.etc, 'holdfast.conf'), 'mqtt.max_inflight = 7\n')
  appendFileSync(
    join(gateway.etc, 'plugins', 'emqx_backend_sqlite.conf'),
    `backend.sqlite.hook.message.publish.2 = ${STORE}\n`,
  )
  const [conf, hooks] = [readFileSync(join(gateway.etc, 'holdfast.conf')), plugin(gateway)]
  assert.equal((await gateway.ctl('plugins', 'reload', 'emqx_backend_sqlite')).hooks, 2)
  await gateway.ctl('plugins', 'unload', 'emqx_backend_sqlite')
  assert.deepEqual((await gateway.ctl('config', 'status')).editedByHand, ['holdfast.conf'])
  assert.deepEqual([readFileSync(join(gateway.etc, 'holdfast.conf')), plugin(gateway)], [conf, hooks])
  assert.deepEqual((await gateway.ctl('config', 'commit')).changes, ['mqtt.max_inflight changes.'])
})

test('an earlier version comes back whole', async (t) => {
  const gateway = await gatewayWith(t)
  const [before, hooks] = [conf(gateway), plugin(gateway)]
  await gateway.ctl('config', 'set', 'mqtt.max_inflight', '7')
  await gateway.ctl('config', 'set', 'backend.sqlite.pool1.database', 'two.db')
  writeFileSync(join(gateway.root, 'acl'), 'topic read #\n')
  await gateway.ctl('config', 'file', 'put', 'acl.conf', join(gateway.root, 'acl'))
  await gateway.ctl('config', 'commit')
  assert.equal(statSync(join(gateway.etc, 'acl.conf')).mode & 0o777, 0o600)
  await gateway.ctl('config', 'restore', '1')
  await gateway.ctl('config', 'commit')
  assert.deepEqual([conf(gateway), plugin(gateway)], [before, hooks])
  assert.ok(!existsSync(join(gateway.etc, 'acl.conf')))
  assert.match(await gateway.refusal('config', 'restore', '9'), /there is no version 9\nhint: versions: 1 to 3/)
})

test('access rules, hooks and log level count at once', async (t) => {
  const gateway = await gatewayWith(t)
  const client = await Client.connect(gateway.url, 'c')
  writeFileSync(join(gateway.root, 'acl'), 'topic readwrite open/#\n')
  await gateway.ctl('config', 'file', 'put', 'acl.conf', join(gateway.root, 'acl'))
  await gateway.ctl('config', 'set', 'acl.nomatch', 'deny')
  await gateway.ctl('config', 'unset', 'backend.sqlite.hook.message.publish.1')
  await gateway.ctl('config', 'set', 'log.level', 'warn')
  await gateway.ctl('config', 'commit')
  assert.deepEqual(await client.subscribe('open/a', 'closed'), [1, 128])
  await client.publish('open/a', 'without a row')
  await gateway.ctl('config', 'set', 'backend.sqlite.hook.message.publish.7', STORE)
  await gateway.ctl('config', 'commit')
  await client.publish('open/a', 'with a row')
  await until('the row', () => payloads(gateway, 'one.db').length > 0)
  assert.deepEqual(payloads(gateway, 'one.db'), ['with a row'])
  assert.equal(gateway.output.match(/config_committed/g)?.length, undefined) // the level was info before the first commit
  await client.end()
})

test('what waits for a pool that is taken out: refused, until somebody says what becomes of it', async (t) => {
  const gateway = await gatewayWith(t)
  await publish(gateway, 'first')
  await until('the first row', () => payloads(gateway, 'one.db').length === 1)
  const unlock = locked(gateway, 'one.db')
  await publish(gateway, '1', '2', '3')
  writeFileSync(join(gateway.root, 'hooks'), '')
  const takeOut = (): Promise<unknown> =>
    gateway.ctl('config', 'file', 'put', 'plugins/emqx_backend_sqlite.conf', join(gateway.root, 'hooks'))
  await takeOut()
  assert.deepEqual((await gateway.ctl('config', 'check')).waiting, { 'sqlite.pool1': 3 })
  const said = await gateway.refusal('config', 'commit')
  assert.match(
    said,
    /events wait for what would be gone: sqlite.pool1 \(up to 3\)\nhint: .*--pending drain.* drop .* keep/,
  )

  await gateway.ctl('config', 'commit', '--pending', 'keep')
  const [abandoned] = (await gateway.ctl('status')).pools
  assert.deepEqual([abandoned.name, abandoned.mode, abandoned.lag.events], ['pool1', 'unconfigured', 3])
  await publish(gateway, 'for nobody')
  await gateway.kill9()
  await gateway.start()
  unlock()
  await gateway.ctl('config', 'restore', '1')
  await gateway.ctl('config', 'commit')
  await publish(gateway, 'last')
  await until('all rows', () => payloads(gateway, 'one.db').length >= 5)
  assert.deepEqual(payloads(gateway, 'one.db'), ['first', '1', '2', '3', 'last'])
})

test('--pending drain: the pool gets what waits and no more, over a power cut, and goes then', async (t) => {
  const gateway = await gatewayWith(t)
  await publish(gateway, 'first')
  await until('the first row', () => payloads(gateway, 'one.db').length === 1)
  const unlock = locked(gateway, 'one.db')
  await publish(gateway, '1', '2', '3')
  const sqlite = SQLITE.replaceAll('pool1', 'pool2').replace('one.db', 'two.db')
  writeFileSync(join(gateway.root, 'hooks'), sqlite)
  await gateway.ctl('config', 'file', 'put', 'plugins/emqx_backend_sqlite.conf', join(gateway.root, 'hooks'))
  await gateway.ctl('config', 'commit', '--pending', 'drain')
  assert.deepEqual((await gateway.ctl('config', 'status')).draining, ['sqlite.pool1'])
  await publish(gateway, 'for two')
  await until('its row', () => payloads(gateway, 'two.db').length === 1)
  await gateway.kill9()
  await gateway.start()
  assert.deepEqual((await gateway.ctl('config', 'status')).draining, ['sqlite.pool1'])
  unlock()
  await until('it is gone', async () => (await gateway.ctl('status')).pools.length === 1)
  assert.deepEqual(payloads(gateway, 'one.db'), ['first', '1', '2', '3'])
  assert.deepEqual((await gateway.ctl('config', 'status')).draining, [])
  assert.match(gateway.output, /pool_drained/)
})

test('--pending drop: given up when it is confirmed, not before', async (t) => {
  const gateway = await gatewayWith(t)
  await publish(gateway, 'first')
  await until('the first row', () => payloads(gateway, 'one.db').length === 1)
  const unlock = locked(gateway, 'one.db')
  await publish(gateway, '1', '2')
  writeFileSync(join(gateway.root, 'hooks'), '')
  await gateway.ctl('config', 'file', 'put', 'plugins/emqx_backend_sqlite.conf', join(gateway.root, 'hooks'))
  await gateway.ctl('config', 'commit', '--pending', 'drop', '--confirm', '60')
  assert.equal((await gateway.ctl('status')).pools[0].lag.events, 2)
  await gateway.ctl('config', 'confirm')
  await until('nothing waits', async () => (await gateway.ctl('status')).pools.length === 0)
  unlock()
  await gateway.ctl('config', 'restore', '1')
  await gateway.ctl('config', 'commit')
  await publish(gateway, 'last')
  await until('the last row', () => payloads(gateway, 'one.db').includes('last'))
  assert.deepEqual(payloads(gateway, 'one.db'), ['first', 'last'])
})

test('a hook that changes while events wait: they get what they were recorded for; a lane that is held stays held', async (t) => {
  const custom = (table: string): string =>
    `{"topic": "#", "action": {"sql": "insert into ${table} (payload) values (\${payload})"}, "pool": "pool1"}`
  const sqlite = `backend.sqlite.pool1.database = one.db\nbackend.sqlite.hook.message.publish.1 = ${custom('old')}\n`
  const gateway = await gatewayWith(t, { plugins: { sqlite } })
  const db = openForWrite(join(gateway.data, 'one.db'))
  db.exec('create table old (payload text); create table new (payload text)')
  db.close()
  await gateway.ctl('lane', 'pause', 'pool1')
  await publish(gateway, '1', '2')
  await gateway.ctl('config', 'set', 'backend.sqlite.hook.message.publish.1', custom('new'))
  await gateway.ctl('config', 'set', 'backend.sqlite.pool1.pool_size', '2') // connects the pool anew
  await gateway.ctl('config', 'commit')
  await publish(gateway, '3')
  assert.equal((await gateway.pool()).mode, 'paused')
  await gateway.ctl('lane', 'resume', 'pool1')
  await gateway.forwarded()
  const reader = openForRead(join(gateway.data, 'one.db'))
  const rows = (table: string): unknown[] => reader.prepare(`select payload from ${table} order by rowid`).pluck().all()
  assert.deepEqual([rows('old'), rows('new')], [['1', '2'], ['3']])
  reader.close()
})

test('a pool that can not be reached is no fault; the commit says so', async (t) => {
  const gateway = await gatewayWith(t)
  const port = await freePort()
  await gateway.ctl('config', 'set', 'backend.pgsql.pool1.server', `127.0.0.1:${port}`)
  writeFileSync(join(gateway.root, 'list'), 'emqx_backend_sqlite\nemqx_backend_pgsql\n')
  await gateway.ctl('config', 'file', 'put', 'loaded_plugins', join(gateway.root, 'list'))
  const { changes, pools } = await gateway.ctl('config', 'commit')
  assert.deepEqual(changes, ['Pool pgsql.pool1 is new.'])
  assert.deepEqual([pools[0].pool, pools[0].state], ['pgsql.pool1', 'down'])
  assert.match(pools[0].error, /ECONNREFUSED/)
})

test('names of files: nothing outside etc, no users, no certificates', async (t) => {
  const gateway = await gatewayWith(t)
  await gateway.passwd('anna', 'secret')
  for (const name of [
    '../x.conf',
    '/etc/passwd',
    'passwd',
    'plugins/../holdfast.conf',
    'plugins/emqx_backend_x.conf',
    '.conf',
  ]) {
    writeFileSync(join(gateway.root, 'content'), 'x')
    assert.match(
      await gateway.refusal('config', 'file', 'put', name, join(gateway.root, 'content')),
      /is no file of a configuration/,
    )
    assert.match(await gateway.refusal('config', 'file', 'get', name), /there is no file/)
  }
  await gateway.ctl('config', 'set', 'auth.file', 'users.conf')
  assert.match(await gateway.refusal('config', 'commit'), /expected a path that does not end in .conf/)
  assert.match(await gateway.refusal('config', 'set', 'backend.kafka.x', '1'), /there is no backend of backend.kafka.x/)
  assert.match(await gateway.refusal('config', 'set', 'mqtt.max_inflight', '1\n2'), /one line/)
  assert.match(await gateway.refusal('config', 'unset', 'mqtt.max_inflight'), /is not set in holdfast.conf/)
})
