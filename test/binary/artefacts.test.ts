// What `npm run build` leaves in dist: sizes, sums, what the bills of materials and the licences name; and the same bytes again
// from a clone at another place.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../helpers/journal.ts'

const ROOT = join(import.meta.dirname, '../..')
const DIST = join(ROOT, 'dist')
const MOST_BYTES = 115e6

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const sum = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

for (const architecture of ['x64', 'arm64']) {
  const name = `holdfast-linux-${architecture}`

  test(`${name}: no larger than promised, and its sums`, () => {
    assert.ok(statSync(join(DIST, name)).size <= MOST_BYTES)
    const sums = readFileSync(join(DIST, 'SHA256SUMS'), 'utf8')
    for (const file of readdirSync(DIST).filter((one) => one.startsWith(name))) {
      assert.ok(sums.includes(`${sum(join(DIST, file))}  ${file}\n`), `${file} has another sum`)
    }
  })

  test(`${name}: its bill of materials and its licences name what is inside, and nothing that only builds`, () => {
    const { bomFormat, components } = JSON.parse(readFileSync(join(DIST, `${name}.cdx.json`), 'utf8'))
    assert.equal(bomFormat, 'CycloneDX')
    const names = new Set(components.map((one: { name: string }) => one.name))
    const { esbuild: _, ...needed } = manifest.dependencies
    for (const one of [...Object.keys(needed), `node-linux-${architecture}`, 'node.js', 'sqlite']) {
      assert.ok(names.has(one) || one.startsWith('@codemirror/'), `${one} is missing`)
    }
    const { ajv: __, ...tools } = manifest.devDependencies // Fastify brings it, too
    for (const one of [...Object.keys(tools), 'esbuild']) assert.ok(!names.has(one), one)
    const licences = readFileSync(join(DIST, `${name}.licences.txt`), 'utf8')
    for (const { name, version } of components.filter(({ purl }: { purl: string }) => purl.startsWith('pkg:npm/'))) {
      assert.ok(licences.includes(`${name} ${version} (`), `${name} ${version} has no licence`)
    }
  })
}

test('built again from a clone at another place: byte by byte the same', (t) => {
  const clone = join(temporaryFolder(t), 'elsewhere')
  const git = (...words: string[]): string => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' })
  for (const file of git('ls-files', '--cached', '--others', '--exclude-standard').trim().split('\n')) {
    cpSync(join(ROOT, file), join(clone, file))
  }
  execFileSync('cp', ['-al', join(ROOT, 'node_modules'), clone])
  const env = { ...process.env, GIT_DIR: git('rev-parse', '--absolute-git-dir').trim(), GIT_WORK_TREE: clone }
  execFileSync('sh', ['scripts/build', process.arch], { cwd: clone, env, stdio: 'pipe' })
  for (const name of readdirSync(DIST).filter((one) => one.startsWith(`holdfast-linux-${process.arch}`))) {
    assert.equal(sum(join(clone, 'dist', name)), sum(join(DIST, name)), name)
  }
})
