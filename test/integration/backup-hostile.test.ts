// Backups that would cost a gateway its life: each is refused, or comes back.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import tar from 'tar-stream'
import { putOthers, recoverOthers } from '../../src/gateway/backup/others.ts'
import { makeUnready } from '../../src/gateway/backup/restored-queue.ts'
import { EtcFolder } from '../../src/gateway/config/files.ts'
import { openForWrite } from '../../src/sqlite/open.ts'
import { madeBeside } from '../../src/system/disk.ts'
import { GatewayProcess } from '../helpers/gateway.ts'
import { atEnd } from '../helpers/journal.ts'

async function gateway(t: TestContext): Promise<GatewayProcess> {
  const made = new GatewayProcess()
  atEnd(t, () => made.remove())
  return made.start()
}

test('what is in etc beside the configuration hinders no restore', async (t) => {
  const one = await gateway(t)
  const deep = join(one.etc, 'a', 'b', 'c', 'd')
  mkdirSync(deep, { recursive: true })
  const kept = ['holdfast.conf~', 'my cert.pem', 'schlüssel (1).pem', '#x#', join('a', 'b', 'c', 'd', 'ca.pem')]
  for (const name of [...kept, '.holdfast.conf.swp']) writeFileSync(join(one.etc, name), name)
  const file = join(one.root, 'b.tar.gz')
  await one.ctl('backup', file)
  for (const name of kept) writeFileSync(join(one.etc, name), 'changed')
  await one.ctl('restore', file)
  for (const name of kept) assert.equal(readFileSync(join(one.etc, name), 'utf8'), name)
})

async function whole(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The same backup with another journal. */
async function withJournal(file: string, change: (journal: Buffer) => Buffer): Promise<void> {
  const [from, to] = [tar.extract(), tar.pack()]
  from.end(gunzipSync(readFileSync(file)))
  for await (const entry of from) {
    const { name } = entry.header
    const content = await whole(entry)
    to.entry({ name }, name === 'data/journal.db' ? change(content) : content)
  }
  to.finalize()
  writeFileSync(file, gzipSync(await whole(to)))
}

test('a queue that no start could go on with is refused before anything is changed', async (t) => {
  const one = await gateway(t)
  const scratch = join(one.root, 'scratch.db')
  const sql = (text: string) => (journal: Buffer) => {
    writeFileSync(scratch, journal)
    const db = openForWrite(scratch)
    db.exec(text)
    db.close()
    return readFileSync(scratch)
  }
  const cases: [(journal: Buffer) => Buffer, RegExp][] = [
    [sql('update schema_version set version = version + 1'), /this program knows versions up to/],
    [sql('drop table event'), /is none, or damaged/],
    [sql('create trigger harm after insert on meta begin delete from event; end'), /is none, or damaged/],
    [sql("update meta set value = 'x' where key = 'journal'"), /is none, or damaged/],
    [() => Buffer.from('no database'), /is none, or damaged/],
  ]
  for (const [index, [change, says]] of cases.entries()) {
    const file = join(one.root, `${index}.tar.gz`)
    await one.ctl('backup', file, '--queue')
    await withJournal(file, change)
    assert.match(await one.refusal('restore', file, '--queue'), says)
  }
  assert.equal((await one.ctl('config', 'history')).length, 1)
  assert.ok(!existsSync(join(one.data, 'restore')) && !existsSync(join(one.data, '.restore')))
  await one.stop()
  await one.start()
})

test('a header of a hundred megabytes behind a database is not read into memory', async (t) => {
  const one = await gateway(t)
  const file = join(one.root, 'b.tar.gz')
  await one.ctl('backup', file, '--queue')
  const bytes = gunzipSync(readFileSync(file)).subarray(0, -1024) // without its end
  const block = Buffer.alloc(512)
  block.write('x')
  block.write(`${(100 << 20).toString(8).padStart(11, '0')} `, 124)
  block.write('        x', 148) // of a pax header
  block.write('ustar\x0000', 257)
  const sum = block.reduce((all, byte) => all + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  writeFileSync(file, gzipSync(Buffer.concat([bytes, block, Buffer.alloc(100 << 20)])))
  assert.match(await one.refusal('restore', file, '--queue'), /bytes that are no file/)
})

test('a power cut while users and certificates are put in place: they are those of before, or go with configuration and queue', async (t) => {
  const etcDir = mkdtempSync(join(tmpdir(), 'holdfast-'))
  const dataDir = join(etcDir, 'data')
  atEnd(t, () => rmSync(etcDir, { recursive: true }))
  mkdirSync(join(dataDir, 'config'), { recursive: true })
  const etc = new EtcFolder(etcDir)
  const [conf, cert, key] = ['holdfast.conf', 'a.crt', 'a.key'].map((name) => join(etcDir, name)) as [
    string,
    string,
    string,
  ]
  const now = (): string[] => [cert, key].map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : 'none'))
  const config = new Map([['holdfast.conf', Buffer.from('new')]])
  const others = new Map([
    ['a.crt', Buffer.from('new')],
    ['a.key', Buffer.from('new')],
  ])
  writeFileSync(conf, 'new') // even where the configuration is the same
  writeFileSync(cert, 'old')
  mkdirSync(madeBeside(key)) // hinders the second
  assert.throws(() => putOthers(etcDir, dataDir, { others, config }))
  assert.deepEqual(now(), ['new', 'none'])
  recoverOthers(etc, dataDir)
  assert.deepEqual(now(), ['old', 'none'])

  rmSync(madeBeside(key), { recursive: true })
  writeFileSync(conf, 'old')
  putOthers(etcDir, dataDir, { others, config })
  recoverOthers(etc, dataDir)
  assert.deepEqual(now(), ['old', 'none'])

  putOthers(etcDir, dataDir, { others, config })
  writeFileSync(conf, 'new')
  recoverOthers(etc, dataDir)
  assert.deepEqual(now(), ['new', 'new'])
  writeFileSync(conf, 'old')
  recoverOthers(etc, dataDir)
  assert.deepEqual(now(), ['new', 'new'])

  const queue = () => ['.restore', 'restore'].filter((name) => existsSync(join(dataDir, name)))
  for (const [content, found] of [
    ['old', ['.restore']],
    ['new', ['restore']],
  ] as const) {
    makeUnready(dataDir)
    putOthers(etcDir, dataDir, { others, config })
    writeFileSync(conf, content)
    recoverOthers(etc, dataDir)
    assert.deepEqual(queue(), found) // the queue that came with it counts if it does
  }
})
