import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { monotonic, systemClock } from '../../src/system/clock.ts'
import { freeBytes, replaceFile, syncFolder, writtenBytes } from '../../src/system/disk.ts'
import { fileIdentity, machine, sameFile } from '../../src/system/machine.ts'
import { temporaryFolder } from '../helpers/journal.ts'

test('a file stays itself when it is changed or renamed, and a copy is another', (t) => {
  const folder = temporaryFolder(t)
  const [a, b, c] = ['a', 'b', 'c'].map((name) => path.join(folder, name)) as [string, string, string]
  fs.writeFileSync(a, 'x')
  const identity = fileIdentity(a)
  fs.appendFileSync(a, 'y')
  assert.ok(sameFile(identity, fileIdentity(a)))
  fs.renameSync(a, b)
  assert.ok(sameFile(identity, fileIdentity(b)))
  fs.copyFileSync(b, c)
  assert.equal(sameFile(identity, fileIdentity(c)), false)
})

test('what secrets go into is read by its owner alone, but for a group that somebody has chosen', (t) => {
  const file = path.join(temporaryFolder(t), 'conf')
  for (const [before, after] of [
    [0o644, 0o600],
    [0o664, 0o600],
    [0o640, 0o640],
    [0o400, 0o400],
  ] as const) {
    fs.writeFileSync(file, 'x')
    fs.chmodSync(file, before)
    replaceFile(file, 'password = x', 0o600)
    assert.equal(fs.statSync(file).mode & 0o777, after)
    fs.rmSync(file)
  }
  fs.writeFileSync(file, 'x')
  fs.chmodSync(file, 0o644)
  replaceFile(file, 'for everybody')
  assert.equal(fs.statSync(file).mode & 0o777, 0o644)
})

test('a birth time that a file system does not keep decides nothing', () => {
  assert.ok(sameFile({ inode: '1', birth: '' }, { inode: '1', birth: '5' }))
  assert.equal(sameFile({ inode: '1', birth: '4' }, { inode: '1', birth: '5' }), false)
  assert.equal(sameFile({ inode: '1', birth: '' }, { inode: '2', birth: '' }), false)
})

test('the machine tells the same each time', () => {
  assert.deepEqual(machine(), machine())
})

test('the disk tells its free space, and the process what it wrote', (t) => {
  const folder = temporaryFolder(t)
  assert.ok(freeBytes(folder) > 0)
  const before = writtenBytes()
  const file = path.join(folder, 'x')
  const handle = fs.openSync(file, 'w')
  fs.writeSync(handle, Buffer.alloc(1 << 20))
  fs.fsyncSync(handle)
  fs.closeSync(handle)
  syncFolder(folder)
  const counted = writtenBytes()
  assert.ok(counted === 0 || counted >= before)
})

test('the clock since boot runs with the kernel’s, and the operator can be believed', () => {
  const uptimeMs = Number(fs.readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000
  assert.ok(Math.abs(monotonic() - uptimeMs) < 60_000 || monotonic() < uptimeMs)
  const clock = systemClock()
  clock.trust()
  assert.equal(clock.trusted(), true)
  assert.equal(clock.source(), 'operator')
  assert.equal(clock.boot, systemClock().boot)
})
