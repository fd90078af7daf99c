// The repository checks its own rules: rooms import downward only, a driver stays in its folder, every backend has the
// same shape, the project stands alone, every dependency has its line in the README.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { releases } from '../scripts/build.d/releases.ts'

const root = resolve(import.meta.dirname, '..')
const src = join(root, 'src')

/** From the top floor down. Rooms on one floor do not know each other. */
const FLOORS = [
  ['binary.ts'],
  ['main.ts'],
  ['cli'],
  ['web', 'console'],
  ['gateway'],
  ['broker'],
  ['hooks'],
  ['fetch'],
  ['forward', 'store'],
  ['queue'],
  ['backends', 'actions', 'access'],
  ['sqlite', 'system'],
  ['config', 'log'],
  ['model'],
]
const DRIVERS: Readonly<Record<string, readonly string[]>> = {
  pg: ['backends/pgsql'],
  mysql2: ['backends/mysql'],
  ioredis: ['backends/redis'],
  mongodb: ['backends/mongo'],
  'cassandra-driver': ['backends/cassa'],
  '@aws-sdk/client-dynamodb': ['backends/dynamo'],
  'better-sqlite3': ['sqlite'],
  aedes: ['broker'],
  'mqtt-packet': ['broker'],
}
const BACKEND_PARTS = ['index.ts', 'settings.ts', 'pool.ts', 'write.ts', 'read.ts', 'errors.ts', 'README.md']
/** Faces, and what they may reach beside gateway and model: the command line starts the others. */
const FACES: Readonly<Record<string, readonly string[]>> = { cli: ['web', 'console'], web: [], console: [] }

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

const sources = files(src).filter((file) => /\.tsx?$/.test(file))
const roomOf = (file: string): string => relative(src, file).split('/')[0]!
const floorOf = (room: string): number => FLOORS.findIndex((rooms) => rooms.includes(room))

interface Import {
  from: string
  to: string
  typeOnly: boolean
}

function imports(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  const found: Import[] = []
  for (const [, type, to] of text.matchAll(/^(?:import|export)\s+(type\s)?[^'"`;]*?from\s+'([^']+)'/gms)) {
    found.push({ from: file, to: to!, typeOnly: type !== undefined })
  }
  for (const [, to] of text.matchAll(/\bimport\(\s*'([^']+)'\s*\)|^import '([^']+)'/gm)) {
    if (to) found.push({ from: file, to, typeOnly: false })
  }
  return found
}

const all = sources.flatMap(imports)

test('every room stands on a floor', () => {
  const unknown = [...new Set(sources.map(roomOf))].filter((room) => floorOf(room) < 0)
  assert.deepEqual(unknown, [])
})

test('imports go only downward', () => {
  const wrong = all.flatMap(({ from, to }) => {
    if (!to.startsWith('.') || !to.endsWith('.ts')) return []
    const here = roomOf(from)
    const there = roomOf(resolve(dirname(from), to))
    if (here === there) return []
    const upward = floorOf(there) <= floorOf(here)
    const past = FACES[here] && !['gateway', 'model', ...FACES[here]].includes(there)
    return upward || past ? [`${relative(root, from)} imports ${to}`] : []
  })
  assert.deepEqual(wrong, [])
})

test('a driver is imported in its own folder only', () => {
  const wrong = all.flatMap(({ from, to, typeOnly }) => {
    const name = to.startsWith('@') ? to.split('/').slice(0, 2).join('/') : to.split('/')[0]!
    const homes = DRIVERS[name]
    const here = relative(src, from)
    return homes && !typeOnly && !homes.some((home) => here.startsWith(`${home}/`)) ? [`${here} imports ${to}`] : []
  })
  assert.deepEqual(wrong, [])
})

test('no backend imports another, and each built one has every part', () => {
  const backends = join(src, 'backends')
  const wrong = all.flatMap(({ from, to }) => {
    if (!from.startsWith(`${backends}/`) || !to.startsWith('.')) return []
    const [here, there] = [from, resolve(dirname(from), to)].map((file) => relative(backends, file).split('/'))
    const folders = here!.length > 1 && there!.length > 1 && !there![0]!.startsWith('..')
    return folders && here![0] !== there![0] ? [`${relative(root, from)} imports ${to}`] : []
  })
  for (const folder of readdirSync(backends, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const present = readdirSync(join(backends, folder.name))
    if (!present.includes('index.ts')) continue // not built yet: only its settings are known
    const parts = [...BACKEND_PARTS.filter((part) => !present.includes(part))]
    if (!present.some((name) => name.startsWith('schema.'))) parts.push('schema.*')
    wrong.push(...parts.map((part) => `backends/${folder.name} lacks ${part}`))
  }
  assert.deepEqual(wrong, [])
})

test('files stay short', () => {
  const written = [...files(src), ...files(join(root, 'test'))].filter((file) => /\.(tsx?|css)$/.test(file))
  const long = written.filter((file) => readFileSync(file, 'utf8').split('\n').length > 500)
  assert.deepEqual(
    long.map((file) => relative(root, file)),
    [],
  )
})

test('the project stands alone', () => {
  const own = ['src', 'test', 'scripts', 'etc', 'README.md', 'CHANGELOG.md']
  const foreign = own
    .flatMap((name) => (name.includes('.') ? [join(root, name)] : files(join(root, name))))
    .filter((file) => file !== import.meta.filename && !file.endsWith('.png'))
    .filter((file) => /\.\.\/shared\b|registry\.npmjs|deb\.debian\.org|proxy\.golang/.test(readFileSync(file, 'utf8')))
  assert.deepEqual(
    foreign.map((file) => relative(root, file)),
    [],
  )
})

test('every dependency has its line in the README, and none floats', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }
  for (const [name, version] of Object.entries(all)) {
    assert.ok(readme.includes(`\`${name}\``), `README.md says nothing of ${name}`)
    assert.match(version, /^\d+\.\d+\.\d+$/, `${name} is not pinned`)
  }
})

test("the version is package.json's, and the changes tell of it", () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  assert.equal(releases()[0].version, version)
  assert.equal(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).version, version)
  const literal = new RegExp(`(?<![\\d.])${version.replaceAll('.', '\\.')}(?![\\d.])`)
  for (const file of [...sources, ...['README.md', 'Dockerfile.arm64'].map((name) => join(root, name))])
    assert.doesNotMatch(readFileSync(file, 'utf8'), literal, relative(root, file))
})
