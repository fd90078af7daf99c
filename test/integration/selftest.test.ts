// `holdfast selftest` and `holdfast version`, as the person in the field runs them.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Finding } from '../../src/gateway/selftest.ts'
import { commandLine, GatewayProcess } from '../helpers/gateway.ts'
import { atEnd, temporaryFolder } from '../helpers/journal.ts'
import { makeReadOnly, smallDisk } from '../helpers/small-disk.ts'

function holdfast(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(...commandLine(...words), { encoding: 'utf8' })
}

function selftest(data: string): { status: number | null; verdict: string; findings: Finding[] } {
  const { status, stdout } = holdfast('selftest', '--json', '--data', data)
  return { status, ...JSON.parse(stdout) }
}

const grades = (findings: readonly Finding[]): string[] => findings.map(({ what, grade }) => `${what} ${grade}`)

test('a new folder: each finding, measured, and nothing is left', (t) => {
  const data = join(temporaryFolder(t), 'data')
  const { status, verdict, findings } = selftest(data)
  assert.equal(status, 0)
  assert.match(verdict, /^fit/)
  assert.deepEqual(
    findings.map(({ what }) => what),
    ['addons', 'clock', 'disk', 'commits', 'rate'],
  )
  const figures = Object.assign({}, ...findings.map((finding) => finding.figures))
  for (const name of ['freeBytes', 'medianMs', 'maxMs', 'commits', 'perSecond']) {
    assert.ok(figures[name] > 0, `${name} is ${figures[name]}`)
  }
  assert.equal(existsSync(data), false)
})

test('beside a gateway that runs, which notices nothing', async (t) => {
  const gateway = await new GatewayProcess().start()
  atEnd(t, () => gateway.remove())
  const { stdout, status } = holdfast('selftest', '--data', gateway.data)
  assert.equal(status, 0)
  assert.match(stdout, /^ok +commits +a message is on disk after [\d.]+ ms, the slowest of \d+ after [\d.]+ ms$/m)
  assert.match(stdout, /\n\nfit/)
  assert.equal(readdirSync(gateway.data).includes('selftest'), false)
  assert.equal((await gateway.ctl('status')).queue.full, null)
})

test('a disk in memory, too small; and one that is read-only', (t) => {
  const folder = smallDisk(t, '8m')
  if (folder === undefined) return
  const small = selftest(folder)
  assert.deepEqual([small.status, small.verdict], [1, 'not fit'])
  assert.ok(grades(small.findings).includes('disk fail'))
  assert.match(small.findings.find(({ what }) => what === 'disk')!.hint!, /80 MB/)
  makeReadOnly(folder)
  const { status, findings } = selftest(folder)
  assert.equal(status, 1)
  assert.ok(grades(findings).includes('commits fail'), JSON.stringify(findings))
  assert.match(findings.find(({ what }) => what === 'commits')!.says, /cannot be written/)
})

test('version: of all that it is made of', () => {
  const { stdout, status } = holdfast('version')
  assert.equal(status, 0)
  const told = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+(.*)/)),
  )
  assert.deepEqual(Object.keys(told), ['holdfast', 'commit', 'target', 'runtime', 'sqlite', 'aedes'])
  assert.match(told.target, process.env.HOLDFAST_BINARY ? /^linux-(x64|arm64)$/ : /^sources$/)
  assert.match(told.commit, /^[0-9a-f]{7,}(-dirty)?$|^unknown$/)
  assert.match(told.runtime, /^node 24\./)
  for (const name of ['holdfast', 'sqlite', 'aedes']) assert.match(told[name], /^\d+\.\d+\.\d+/)
})
