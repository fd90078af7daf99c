// Backups of whole gateways: everything comes back, on another machine too; and a file that somebody made to do harm does none.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import tar, { type Headers } from 'tar-stream'
import { openForRead, openForWrite } from '../../src/sqlite/open.ts'
import { type GatewayFiles, GatewayProcess, until } from '../helpers/gateway.ts'
import { atEnd } from '../helpers/journal.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { freePort } from '../helpers/ports.ts'

const STORE = '{"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}'
const SQLITE = `backend.sqlite.pool1.database = one.db\nbackend.sqlite.hook.message.publish.1 = ${STORE}\n`

async function gatewayWith(t: TestContext, files: GatewayFiles = {}): Promise<GatewayProcess> {
  const gateway = new GatewayProcess()
  atEnd(t, () => gateway.remove())
  gateway.port = await freePort()
  gateway.configure({ plugins: { sqlite: SQLITE }, ...files })
  return gateway.start()
}

/** Every file of etc, as text. */
function etcOf(gateway: GatewayProcess): Record<string, string> {
  const entries = readdirSync(gateway.etc, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort()
  return Object.fromEntries(paths.map((path) => [path.slice(gateway.etc.length + 1), readFileSync(path, 'latin1')]))
}

test('all of etc comes back, users and hand-made files too, and counts at once', async (t) => {
  const gateway = await gatewayWith(t)
  await gateway.passwd('anna', 'secret')
  mkdirSync(join(gateway.etc, 'certs'))
  writeFileSync(join(gateway.etc, 'certs', 'ca.pem'), 'not really\n')
  await gateway.ctl('reload')
  const before = etcOf(gateway)
  const file = join(gateway.root, 'b.tar.gz')
  const { files } = await gateway.ctl('backup', file)
  assert.equal(files, Object.keys(before).length + 1) // and no tokens
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.match(await gateway.refusal('backup', file), /is there already/)
  symlinkSync(gateway.data, join(gateway.etc, 'elsewhere'))
  assert.match(await gateway.holdfast('ctl', 'backup'), /Not in it, since they are links to folders: elsewhere\./)
  rmSync(join(gateway.etc, 'elsewhere'))
  rmSync(join(gateway.data, 'backups'), { recursive: true })

  await gateway.ctl('config', 'set', 'mqtt.max_inflight', '7')
  await gateway.ctl('config', 'unset', 'backend.sqlite.hook.message.publish.1')
  await gateway.ctl('config', 'commit')
  await gateway.passwd('anna', 'another')
  writeFileSync(join(gateway.etc, 'certs', 'ca.pem'), 'changed\n')
  await gateway.ctl('reload')
  await assert.rejects(Client.connect(gateway.url, 'c', { username: 'anna', password: 'secret' }))

  const preview = await gateway.holdfast('ctl', 'restore', file, '--dry-run')
  assert.match(preview, /those of holdfast@127.0.0.1 on 20\d\d-/)
  const { changes, before: kept } = await gateway.ctl('restore', file)
  assert.deepEqual(etcOf(gateway), { ...before, tokens: '' })
  assert.ok(changes.includes('mqtt.max_inflight changes.'), changes)
  const client = await Client.connect(gateway.url, 'c', { username: 'anna', password: 'secret' })
  await client.publish('t', 'stored')
  await gateway.forwarded()
  await client.end()
  const [newest] = await gateway.ctl('config', 'history')
  assert.match(newest.comment, /^restored: the backup of holdfast@127.0.0.1/)
  await gateway.ctl('restore', kept.split('/').at(-1)) // what there was before: by its name in the data folder
  assert.match(etcOf(gateway)['holdfast.conf']!, /max_inflight = 7/)
  assert.equal((await gateway.ctl('backups')).length, 2)
})

test('a backup whose configuration has faults here changes nothing, and says where', async (t) => {
  const gateway = await gatewayWith(t)
  const file = join(gateway.root, 'b.tar.gz')
  const conf = readFileSync(join(gateway.etc, 'holdfast.conf'), 'utf8')
  const about = { format: 1, version: '0', node: 'other', at: '2026-01-01T00:00:00.000Z' }
  await archive(file, [
    [{ name: 'holdfast.json' }, JSON.stringify(about)],
    [{ name: 'etc/holdfast.conf' }, `${conf}listener.ssl.a = 1\nlistener.ssl.a.certfile = certs/none.pem\n`],
    [{ name: 'etc/passwd' }, 'x'],
  ])
  const before = etcOf(gateway)
  const said = await gateway.refusal('restore', file)
  assert.ok(said.includes(`${gateway.etc}/holdfast.conf:`) && said.includes(`${gateway.etc}/passwd:1:1`), said)
  assert.match(said, /certfile: the file can't be read|keyfile is missing/)
  assert.deepEqual(etcOf(gateway), before)
  assert.ok(!existsSync(join(gateway.data, 'backups')))
})

test('a backup that can not be taken up: users and certificates are as before, too', async (t) => {
  const gateway = await gatewayWith(t)
  const other = await gatewayWith(t)
  await gateway.passwd('anna', 'secret')
  const file = join(gateway.root, 'b.tar.gz')
  await gateway.ctl('backup', file)
  const about = { format: 1, version: '0', node: 'other', at: '2026-01-01T00:00:00.000Z' }
  const conf = readFileSync(join(gateway.etc, 'holdfast.conf'), 'utf8')
  await archive(file.replace('b.', 'c.'), [
    [{ name: 'holdfast.json' }, JSON.stringify(about)],
    [{ name: 'etc/holdfast.conf' }, `${conf}listener.tcp.more = 127.0.0.1:${other.port}\n`],
    [{ name: 'etc/loaded_plugins' }, ''],
    [{ name: 'etc/tokens' }, ''],
  ])
  const before = etcOf(gateway)
  assert.match(await gateway.refusal('restore', file.replace('b.', 'c.')), /EADDRINUSE/)
  assert.deepEqual(etcOf(gateway), before)
  assert.deepEqual(await gateway.ctl('backups'), [])
})

type Entry = readonly [header: Headers, content: string | Buffer]

async function archive(file: string, entries: readonly Entry[], behind = Buffer.alloc(0)): Promise<void> {
  const pack = tar.pack()
  for (const [header, content] of entries) pack.entry(header, content)
  pack.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of pack) chunks.push(chunk as Buffer)
  writeFileSync(file, gzipSync(Buffer.concat([...chunks, behind])))
}

test('files that somebody made to do harm: refused, nothing is written, the gateway goes on', async (t) => {
  const gateway = await gatewayWith(t)
  const before = etcOf(gateway)
  const file = join(gateway.root, 'evil.tar.gz')
  const good: Entry = [{ name: 'holdfast.json' }, '{"format": 1}']
  const refused = async (says: RegExp): Promise<void> => assert.match(await gateway.refusal('restore', file), says)
  const cases: [Entry[], RegExp][] = [
    [
      [good, [{ name: 'etc/acl.conf', type: 'symlink', linkname: '/etc/shadow' }, '']],
      /it holds a symlink 'etc\/acl.conf'/,
    ],
    [[good, [{ name: 'etc/acl.conf', type: 'link', linkname: '/etc/shadow' }, '']], /it holds a link 'etc\/acl.conf'/],
    [[good, [{ name: 'etc/fifo', type: 'fifo' }, '']], /it holds a fifo/],
    [[good, [{ name: 'etc/null', type: 'character-device' }, '']], /it holds a character-device/],
    [[good, [{ name: 'etc/../../x' }, 'x']], /it holds 'etc\/..\/..\/x', which is no file of a backup/],
    [[good, [{ name: '/etc/passwd' }, 'x']], /which is no file of a backup/],
    [[good, [{ name: 'etc/.hidden' }, 'x']], /which is no file of a backup/],
    [[good, [{ name: 'data/journal.db' }, 'x']], /is of another version/],
    [[good, [{ name: 'data/../journal.db' }, 'x']], /which is no file of a backup/],
    [[good, [{ name: 'data/journal.db', type: 'symlink', linkname: '/etc/shadow' }, '']], /it holds a symlink/],
    [[good, good], /it holds 'holdfast.json' twice/],
    [[good, [{ name: 'etc/holdfast.conf' }, Buffer.alloc(2 << 20)]], /with 2097152 bytes; 1048576 is the most/],
    [
      [...Array(17).keys()].map((n): Entry => [{ name: `etc/${n}` }, Buffer.alloc(1 << 20)]),
      /would unpack to more than/,
    ],
    [[...Array(600).keys()].map((n): Entry => [{ name: `etc/${n}` }, '']), /more than 500 files/],
    [[good], /is of another version/],
    [[[{ name: 'etc/holdfast.conf' }, 'x']], /it has no holdfast.json/],
    [[], /it has no holdfast.json/],
  ]
  for (const [entries, says] of cases) {
    await archive(file, entries)
    await refused(says)
  }
  await archive(file, [good], Buffer.alloc(300 << 20)) // zeros behind its end
  await refused(/bytes that are no file/)
  const whole = gunzipSync(readFileSync(file)).subarray(0, 700)
  for (const bytes of [Buffer.alloc(0), Buffer.from('no gzip'), gzipSync(whole), readFileSync(file).subarray(0, 40)]) {
    writeFileSync(file, bytes)
    await refused(/it is no backup, or damaged|it has no holdfast.json/)
  }
  // what says that ten gigabytes follow is refused before they come
  const pack = tar.pack()
  pack.entry({ name: 'etc/big', size: 10 * 2 ** 30 })
  await once(pack, 'readable')
  const header = pack.read() as Buffer
  writeFileSync(file, gzipSync(header))
  await refused(/with 10737418240 bytes/)
  assert.match(await gateway.refusal('restore', join(gateway.root, 'none')), /can't be read \(ENOENT\)/)
  assert.match(await gateway.refusal('restore', gateway.root), /can't be read \(EISDIR\)/)
  assert.deepEqual(etcOf(gateway), before)
  assert.equal(existsSync('/x') || existsSync(join(gateway.root, 'x')), false)
})

test('who does not come by ctl names no folder', async (t) => {
  const gateway = await gatewayWith(t)
  const { Backups } = await import('../../src/gateway/backup/backup.ts')
  const backups = new Backups({ dataDir: gateway.data } as never)
  const caller = { who: 'anna', from: 'http 192.0.2.7' }
  for (const name of ['/etc/x', '../x', 'a/b', '.x', '', '..'])
    assert.throws(() => backups.pathOf(name, caller), /without a folder/)
  assert.equal(backups.pathOf('a.tar.gz', caller), join(gateway.data, 'backups', 'a.tar.gz'))
  assert.equal(backups.pathOf('/tmp/a', { who: 'root', from: 'ctl' }), '/tmp/a')
})

test('with the queue: sessions, retained messages, what waits and the embedded database come back on a new card', async (t) => {
  const old = await gatewayWith(t)
  await old.ctl('lane', 'pause', 'pool1')
  const subscriber = await Client.connect(old.url, 'away', { clean: false })
  await subscriber.subscribe('news/#')
  await subscriber.end()
  const publisher = await Client.connect(old.url, 'p')
  await publisher.publish('news/1', 'kept', 1, true)
  for (let n = 0; n < 50; n++) await publisher.publish(`t/${n}`, String(n))
  const file = join(old.root, 'b.tar.gz')
  const making = old.ctl('backup', file, '--queue') // while more comes
  for (let n = 50; n < 100; n++) await publisher.publish(`t/${n}`, String(n))
  assert.ok((await making).files > 4)
  const { journal } = await old.ctl('storage')
  await publisher.end()
  await old.stop()

  const fresh = await gatewayWith(t)
  assert.match(
    await fresh.holdfast('ctl', 'restore', file, '--dry-run'),
    /There is a queue in it, too, which --queue restores/,
  )
  const { databases } = await fresh.ctl('restore', file, '--queue')
  assert.deepEqual(databases.toSorted(), ['journal.db', 'one.db'])
  assert.deepEqual(await fresh.ctl('clients', '--all'), []) // from the next start on
  await fresh.stop()
  fresh.port = old.port
  const half = ['.copies/one.db', '.restore/one.db', '.restore-etc/passwd', 'backups/.coming', 'backups/.b.tar.gz.new']
  writeFileSync(join(fresh.etc, '.passwd.new'), 'as a power cut left it')
  for (const name of half) {
    mkdirSync(dirname(join(fresh.data, name)), { recursive: true })
    writeFileSync(join(fresh.data, name), 'as a power cut left it')
  }
  await fresh.start()
  assert.deepEqual(
    half.filter((name) => existsSync(join(fresh.data, name))),
    [],
  )
  assert.ok(!existsSync(join(fresh.etc, '.passwd.new')))
  assert.ok(!existsSync(join(fresh.data, 'restore')) && existsSync(join(fresh.data, 'replaced', 'journal.db')))
  const storage = await fresh.ctl('storage')
  assert.notEqual(storage.journal, journal)
  assert.ok(storage.replaced.bytes > 0 && Date.parse(storage.replaced.until) > Date.now())
  assert.match(fresh.output, /queue_restored/)
  const back = await Client.connect(fresh.url, 'away', { clean: false })
  await until('what waited', () => back.heard('news/1').length === 1)
  await back.end()
  assert.equal((await fresh.ctl('messages', 'news/1')).length, 1)
  await fresh.forwarded()
  const rows = readRows(join(fresh.data, 'one.db'))
  assert.ok(rows.length >= 50 && rows.length <= 100, `${rows.length}`)
  assert.deepEqual(rows, [...Array(rows.length).keys()].map(String)) // each once, in order
})

test('a queue whose waiting events may have been sent since is restored only when somebody insists', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-'))
  atEnd(t, () => rmSync(root, { recursive: true }))
  const out = join(root, 'out.db') // in no backup
  const db = openForWrite(out)
  db.exec('create table log (topic text, payload text)')
  db.close()
  const sql = 'insert into log values (${topic}, ${payload})'
  const hook = JSON.stringify({ topic: '#', action: { sql }, pool: 'pool1' })
  const sqlite = `backend.sqlite.pool1.database = ${out}\nbackend.sqlite.hook.message.publish.1 = ${hook}\n`
  const gateway = await gatewayWith(t, { plugins: { sqlite } })
  await gateway.ctl('lane', 'pause', 'pool1')
  const publisher = await Client.connect(gateway.url, 'p')
  for (const n of [0, 1, 2]) await publisher.publish(`t/${n}`, String(n))
  const file = join(gateway.root, 'b.tar.gz')
  await gateway.ctl('backup', file, '--queue')
  await gateway.ctl('lane', 'resume', 'pool1')
  await publisher.publish('t/3', '3') // the mark names it, and the backup has never heard of it
  await gateway.forwarded()
  await publisher.end()

  const before = etcOf(gateway)
  const refused = /may have been sent since, for sqlite.pool1 \(up to 3\)\nhint: .*--again/
  assert.match(await gateway.refusal('restore', file, '--queue'), refused)
  assert.deepEqual(etcOf(gateway), before)
  await gateway.ctl('restore', file)
  await gateway.ctl('restore', file, '--queue', '--again')
  await gateway.stop()
  await gateway.start()
  await gateway.forwarded()
  assert.deepEqual(readRows(out, 'log'), ['0', '1', '2', '3', '0', '1', '2'])
  assert.match(await gateway.refusal('restore', file, '--queue'), refused) // the second time, too

  await gateway.stop()
  const elsewhere = await gatewayWith(t, { plugins: { sqlite } })
  await elsewhere.ctl('restore', file, '--queue') // has sent nothing of it
})

const readRows = (file: string, table = 'mqtt_msg'): unknown[] => {
  const db = openForRead(file)
  try {
    return db.prepare(`select payload from ${table} where topic like 't/%' order by rowid`).pluck().all().map(String)
  } finally {
    db.close()
  }
}

test('a queue that somebody made to do harm: only databases of its pools, no more than there is room for', async (t) => {
  const gateway = await gatewayWith(t)
  const file = join(gateway.root, 'q.tar.gz')
  await gateway.forwarded() // its database and the first version are there
  const before = readdirSync(gateway.data)
  const about = JSON.stringify({ format: 1, version: '0', node: 'other', at: '2026-01-01T00:00:00.000Z' })
  const conf = readFileSync(join(gateway.etc, 'holdfast.conf'), 'utf8')
  const good: Entry[] = [
    [{ name: 'holdfast.json' }, about],
    [{ name: 'etc/holdfast.conf' }, conf],
  ]
  for (const name of ['data/lock', 'data/config/unfinished.json', 'data/other.db', 'data/journal.db-wal']) {
    await archive(file, [...good, [{ name }, 'x']])
    assert.match(await gateway.refusal('restore', file, '--queue'), /twice, or where none of its pools has a database/)
  }
  await archive(file, good)
  assert.match(await gateway.refusal('restore', file, '--queue'), /there is no queue in this backup/)
  // the header of ten thousand gigabytes, and nothing behind it
  const pack = tar.pack()
  for (const [header, content] of good) pack.entry(header, content)
  pack.entry({ name: 'data/journal.db', size: 10 ** 13 })
  const chunks: Buffer[] = []
  for await (const chunk of pack) {
    chunks.push(chunk as Buffer)
    if (Buffer.concat(chunks).includes('data/journal.db')) break
  }
  writeFileSync(file, gzipSync(Buffer.concat(chunks)))
  assert.match(await gateway.refusal('restore', file, '--queue'), /there is no room for 10000000000000 bytes/)
  assert.equal((await gateway.ctl('config', 'history')).length, 1)
  const more = readdirSync(gateway.data).filter((name) => !before.includes(name))
  assert.deepEqual(more, ['backups'])
})
