// The data folder when something is wrong with it, tried on whole gateways: a clear error and exit code, nothing lost, and
// it goes on by itself when the trouble is over.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { storedPayloads } from '../helpers/embedded.ts'
import { commandLine, GatewayProcess, until } from '../helpers/gateway.ts'
import { atEnd } from '../helpers/journal.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { RawClient } from '../helpers/raw-client.ts'
import { fillDisk, makeReadOnly, smallDisk } from '../helpers/small-disk.ts'

const SQLITE = `
backend.sqlite.pool1.database = mqtt.db
backend.sqlite.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`

function gatewayOn(t: TestContext, data?: string, conf = ''): GatewayProcess {
  const gateway = new GatewayProcess({ conf, plugins: { sqlite: SQLITE } })
  if (data !== undefined) gateway.data = data
  atEnd(t, () => gateway.remove())
  return gateway
}

/** Starts a gateway that is to fail. @returns its exit code and what it wrote to stderr, without the log */
async function failing(gateway: GatewayProcess, data = gateway.data): Promise<{ code: number; said: string }> {
  const child = spawn(...commandLine('run', '--etc', gateway.etc, '--data', data), {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 20_000,
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  const lines = stderr.split('\n').filter((line) => !line.startsWith('{"level"'))
  return { code, said: lines.join('\n') }
}

test('a second gateway on a data folder is told who holds it, and stops; the first goes on', async (t) => {
  const first = await gatewayOn(t).start()
  const { pid } = JSON.parse(readFileSync(join(first.data, 'lock.json'), 'utf8'))
  assert.equal(pid, first.pid)
  const { code, said } = await failing(gatewayOn(t), first.data)
  assert.equal(code, 1)
  assert.match(said, new RegExp(`the data folder ${first.data} is in use by process ${pid}, since 20\\d\\d-`))
  assert.match(said, /hint: .*--data/)
  const client = await Client.connect(first.url, 'c')
  await client.publish('t', 'still there')
  await until('the row', () => storedPayloads(first.data).length === 1)
  await client.end()
  assert.equal(await first.stop(), 0)
})

test('a start that fails late leaves nothing behind: the folder is free at once', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  atEnd(t, () => void other.close())
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const gateway = gatewayOn(t)
  gateway.port = port
  gateway.configure({ plugins: { sqlite: SQLITE } })
  const { code, said } = await failing(gateway)
  assert.equal(code, 1)
  assert.match(said, new RegExp(`listener.tcp.default can't listen on 127.0.0.1:${port}`))
  assert.ok(!readdirSync(gateway.data).includes('lock.json'))
  gateway.port = 0
  gateway.configure({ plugins: { sqlite: SQLITE } })
  await gateway.start()
})

test('a folder that is a file, or on a read-only disk, or of somebody else', async (t) => {
  const folder = smallDisk(t, '8m')
  if (folder === undefined) return
  const gateway = gatewayOn(t)
  writeFileSync(join(folder, 'file'), '')
  mkdirSync(join(folder, 'data'))
  for (const path of ['file', 'file/below']) {
    const { code, said } = await failing(gateway, join(folder, path))
    assert.deepEqual([code, /is not a folder/.test(said)], [1, true], said)
  }
  makeReadOnly(folder)
  for (const path of ['data', 'new', 'new/below']) {
    const { code, said } = await failing(gateway, join(folder, path))
    assert.deepEqual([code, /data folder .* cannot be written \(\w+\)\nhint: /.test(said)], [1, true], said)
  }
})

test('a disk that is full at start: it says so; with some space it starts', async (t) => {
  const folder = smallDisk(t, '4m')
  if (folder === undefined) return
  const gateway = gatewayOn(t, join(folder, 'data'))
  mkdirSync(gateway.data)
  fillDisk(folder)
  const { code, said } = await failing(gateway)
  assert.equal(code, 1)
  assert.match(said, /the disk of the data folder .* is full\nhint: /)
  rmSync(join(folder, 'ballast'))
  await gateway.start()
})

const ALL = 1200

for (const [what, reserve] of [
  ['runs full', '0'],
  ['comes down to its reserve', '4MB'],
] as const) {
  test(`a disk that ${what} under load: no acknowledgement without a row, and it goes on when there is space`, async (t) => {
    const folder = smallDisk(t, '40m')
    if (folder === undefined) return
    const gateway = await gatewayOn(t, join(folder, 'data'), `queue.reserve = ${reserve}`).start()
    const client = await Client.connect(gateway.url, 'publisher', { clean: false, reconnectPeriod: 200 })
    atEnd(t, () => void client.mqtt.end(true))
    const acknowledged = new Set<string>()
    let said = 0
    const publish = (): void => {
      const payload = `${++said} ${'x'.repeat(2000)}`
      client.publish('t', payload).then(
        () => acknowledged.add(payload),
        () => {},
      )
    }
    for (let i = 0; i < 200; i++) publish()
    await until('some are there', () => acknowledged.size === 200)

    fillDisk(folder)
    for (let i = 0; i < ALL - 200; i++) publish()
    await until('it is said', async () => gateway.output.includes('"journal_full"'))
    const during = acknowledged.size
    assert.ok(during < ALL)
    const { queue, storage } = await gateway.ctl('status')
    assert.match(queue.full, /full|free bytes/)
    assert.equal(storage.journalState, 'full')
    // the broker serves on: a subscriber comes, and hears what needs no disk
    const other = await RawClient.connect(gateway.port, { clientId: 'other' })
    assert.deepEqual(await other.subscribe(['live', 0]), [0])
    await other.disconnect()

    rmSync(join(folder, 'ballast'))
    await until('it takes again', async () => gateway.output.includes('"journal_takes_again"'))
    await until('every one is acknowledged in the end', () => acknowledged.size === ALL, 60_000)
    await until('all is forwarded', async () => {
      const { pools } = await gateway.ctl('status')
      return pools[0].state === 'up' && pools[0].lag.events === 0
    })
    await client.end()
    assert.equal(await gateway.stop(), 0)
    const rows = new Set(storedPayloads(gateway.data))
    for (const payload of acknowledged) assert.ok(rows.has(payload), `${payload.slice(0, 10)} is lost`)
  })
}

// Damage that no check at the start saw: a large file is not checked then, and a card can lose pages while the gateway runs.
test('a damaged journal: it starts, or is started again, with all that can be read', async (t) => {
  const gateway = gatewayOn(t)
  gateway.configure({
    plugins: {
      sqlite: SQLITE,
      pgsql: `backend.pgsql.pool1.server = 127.0.0.1:1
backend.pgsql.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}`,
    },
  })
  await gateway.start()
  const publish = async (from: number, to: number): Promise<void> => {
    const client = await Client.connect(gateway.url, 'publisher')
    await Promise.all(
      Array.from({ length: to - from }, (_, i) => client.publish('t', `${from + i} ${'x'.repeat(300)}`)),
    )
    await client.end()
  }
  await publish(0, 3000)
  await gateway.stop()
  const file = join(gateway.data, 'journal.db')
  damage(file)
  const { ino, size, mtimeNs } = statSync(file, { bigint: true })
  writeFileSync(`${file}.clean`, `${ino} ${size} ${mtimeNs}`)
  await gateway.start()
  assert.match(gateway.output, /"journal_salvaged"/)
  const { storage, pools } = await gateway.ctl('status')
  assert.ok(storage.salvaged.lost > 0 && storage.salvaged.lost < 100, JSON.stringify(storage.salvaged))
  const waiting = pools.find(({ kind }: { kind: string }) => kind === 'pgsql').lag.events
  assert.ok(waiting >= 2900, `${waiting} wait`)

  await publish(3000, 3010) // so that what was read before is read from the file again
  await gateway.stop()
  await gateway.start()
  damage(file)
  await publish(3010, 3011).catch(() => {}) // the process may end meanwhile
  await gateway.ctl('messages', '#', '--limit', '10000').catch(() => {})
  await until('it ends by itself', async () => !existsSync(`/proc/${gateway.pid}`) || isZombie(gateway.pid!))
  assert.match(gateway.output, /JOURNAL_DAMAGED/)
  await gateway.start()
  assert.ok((await gateway.ctl('status')).storage.salvaged.rows > 2800)
  await publish(3011, 3012)
  await until('the last row', () => storedPayloads(gateway.data).at(-1)?.startsWith('3011 '))
})

/** Three pages in the middle, where the events are. */
function damage(file: string): void {
  const handle = openSync(file, 'r+')
  writeSync(handle, Buffer.alloc(3 * 1024, 0xff), 0, 3 * 1024, 600 * 1024)
  closeSync(handle)
}

function isZombie(pid: number): boolean {
  return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}
