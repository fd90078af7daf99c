// The binary as somebody meets it who has copied this one file to a machine, and nothing else.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openForRead } from '../../src/sqlite/open.ts'
import { until } from '../helpers/gateway.ts'
import { temporaryFolder } from '../helpers/journal.ts'
import { findProgram } from '../helpers/processes.ts'
import { OwnMachine } from './own-machine.ts'

/** Idle, with the page and one pool. Nearer at the goal (`npm run bench -- start`) other kernels would count: how much of a file is in memory is theirs to say. */
const MOST_MB = 110

/** Payloads in the embedded database. */
function stored(data: string): string[] {
  const db = openForRead(join(data, 'mqtt.db'))
  try {
    return db.prepare<[], string>('select payload from mqtt_msg order by id').pluck().all()
  } finally {
    db.close()
  }
}

const publish = (machine: OwnMachine, payload: string): string =>
  machine.beside('mosquitto_pub', '-q', '1', '-t', 'hello', '-m', payload)

test('from an empty folder without any environment: it says what it did, and a published message is a row', async (t) => {
  const folder = realpathSync(temporaryFolder(t))
  const first = OwnMachine.run(t, ['run'], { folder })
  if (!first) return
  await first.running()
  await until('the page', () => first.stdout.includes('page '))
  const told = first.stdout.replace(/code \S+/, 'code …')
  assert.deepEqual(told.trimEnd().split('\n'), [
    'Holdfast is running.',
    '  MQTT      mqtt://127.0.0.1:1883',
    `  data      ${folder}/var`,
    `  etc       ${folder}/var/etc (new, as shipped)`,
    '  try       npx -y mqtt pub -h 127.0.0.1 -p 1883 -q 1 -t hello -m world',
    '  page      http://127.0.0.1:8080   one-time code …',
  ])
  const fetched = `fetch('http://127.0.0.1:8080/').then(async (page) => console.log(await page.text()))`
  assert.match(first.beside(process.execPath, '-e', fetched), /^<!doctype html>/)
  publish(first, 'world')
  await until('the row', () => stored(`${folder}/var`).length > 0)
  assert.equal(await first.stop(), 0)
  assert.deepEqual(readdirSync(folder), ['var'])

  const second = await OwnMachine.run(t, ['run'], { folder })!.running()
  assert.match(second.stdout, new RegExp(`etc +${folder}/var/etc\n`))
  await until(`no more than ${MOST_MB} MB`, () => second.resident <= MOST_MB)
  publish(second, 'again')
  await until('the row', () => stored(`${folder}/var`).length === 2)
  assert.deepEqual(stored(`${folder}/var`), ['world', 'again'])
  assert.equal(await second.stop(), 0)
})

const CALLS = 'openat,creat,mkdir,mkdirat,rename,renameat2,unlink,unlinkat,link,symlink,truncate,chmod,fchmodat,mknodat'
const WRITES = /O_WRONLY|O_RDWR|O_CREAT|^\d+ +(?!openat)\w+\(/

test('it writes nothing outside the data folder, but for a moment its native parts', async (t) => {
  const strace = findProgram('strace')
  if (!strace) return t.skip('there is no strace; as root: scripts/services install debian')
  const folder = realpathSync(temporaryFolder(t))
  const [data, trace] = [join(folder, 'data'), join(folder, 'trace')]
  const within = [strace, '-D', '-f', '-q', '-o', trace, '-e', `trace=${CALLS}`, '-e', 'signal=none']
  const machine = OwnMachine.run(t, ['run', '--data', data], { folder, within })
  if (!machine) return
  await machine.running()
  await until('the page', () => machine.stdout.includes('page '))
  publish(machine, 'world')
  assert.equal(await machine.stop(), 0)
  const told = await until('the trace is whole', () => {
    const text = readFileSync(trace, 'utf8')
    const [pid] = text.split(' ', 1)
    return new RegExp(`^${pid} +\\+{3} exited with 0`, 'm').test(text) ? text : '' // short numbers are padded
  })
  const calls = told.split('\n').filter((line) => WRITES.test(line) && !/ = -1 E/.test(line))
  assert.ok(calls.some((line) => line.includes(`"${data}/journal.db"`)))
  const elsewhere = calls.filter((line) => !line.includes(`"${data}`))
  const native = /"\/dev\/shm\/holdfast-\w+(\/[\w-]+\.node)?"|unlinkat\(\d+, "[\w-]+\.node"/
  assert.deepEqual(
    elsewhere.filter((line) => !native.test(line)),
    [],
  )
})

/** Mounts a disk in memory, empty. */
const disk = (place: string, options: string): string => `mount -t tmpfs -o mode=1777,${options} none ${place}\n`
const READ_ONLY = 'mount -o remount,bind,ro /\n'
/** The data folder's disk, as on the board. */
const DATA = disk('/mnt', 'noexec')

for (const [what, disks, setting] of [
  ['as a user that the system does not know', { '/tmp': 'exec' }, { uid: 54321 }],
  ['/tmp executes nothing', { '/tmp': 'noexec' }, {}],
  ['only /tmp executes something', { '/dev/shm': 'noexec', '/tmp': 'exec' }, {}],
  ['only where TMPDIR says', { '/dev/shm': 'noexec', '/tmp': 'noexec', '/opt': 'exec' }, { env: { TMPDIR: '/opt' } }],
] as const) {
  test(`a read-only system, no HOME, ${what}: it runs`, async (t) => {
    const mounts = Object.entries(disks).map(([place, options]) => disk(place, options))
    const before = DATA + mounts.join('') + READ_ONLY
    const machine = OwnMachine.run(t, ['run'], { folder: '/mnt', before, ...setting })
    if (!machine) return
    await machine.running()
    publish(machine, 'world')
    assert.equal(machine.beside('find', '/mnt', ...Object.keys(disks), '-name', '*.node'), '')
    assert.equal(await machine.stop(), 0)
  })
}

test('no folder that code may be loaded from: it says what it needs', async (t) => {
  const before = DATA + disk('/tmp', 'noexec') + disk('/dev/shm', 'noexec') + READ_ONLY
  const machine = OwnMachine.run(t, ['run'], { folder: '/mnt', before })
  if (!machine) return
  assert.equal(await machine.ended(), 1)
  assert.match(machine.stderr, /^holdfast run: .*\.node can't be loaded from any folder .*\nhint: .*TMPDIR/m)
})

test('a folder for the data that nobody may make: it says so', async (t) => {
  const machine = OwnMachine.run(t, ['run', '--data', '/nowhere/data'], { folder: '/', before: READ_ONLY })
  if (!machine) return
  assert.equal(await machine.ended(), 1)
  assert.match(machine.stderr, /can't be put into \/nowhere\/data\/etc: E.*\nhint: .* --data/)
})
