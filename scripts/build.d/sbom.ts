// What is inside a binary, for programs that look for known weaknesses: CycloneDX, by npm from the lock file, less what is only
// there to build, and with the two parts that other tools do not know as npm packages. The same bytes each time.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import Database from 'better-sqlite3'
import type { Inside } from './inside.ts'
import { ROOT } from './place.ts'

interface Bom {
  serialNumber?: string
  metadata: { timestamp: string; tools?: unknown; component: { name: string } }
  components: { readonly 'bom-ref': string }[]
  dependencies: { readonly ref: string; dependsOn: string[] }[]
}

/** @param madeAt ISO time. @returns JSON */
export function sbom(inside: readonly Inside[], madeAt: string): string {
  const words = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--loglevel=error']
  const bom: Bom = JSON.parse(execFileSync('npm', words, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 }))
  const refs = new Set(inside.map(({ name, version }) => `${name}@${version}`))
  const own = bom.dependencies[0]!.ref
  bom.components = bom.components.filter((one) => refs.has(one['bom-ref']))
  bom.dependencies = bom.dependencies
    .filter(({ ref }) => ref === own || refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }))
  const missing = [...refs].filter((ref) => !bom.components.some((one) => one['bom-ref'] === ref))
  if (missing.length > 0) throw new Error(`npm sbom does not know ${missing.join(', ')}, which are inside`)
  bom.components.push(...carriers())
  bom.metadata.timestamp = madeAt
  bom.metadata.component.name = 'holdfast' // not the clone's folder
  delete bom.metadata.tools // the machine's npm
  delete bom.serialNumber
  const sum = createHash('sha256').update(JSON.stringify(bom)).digest('hex')
  bom.serialNumber = `urn:uuid:${sum.replace(/(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-8$3-8$4-$5')}`
  return `${JSON.stringify(bom, null, 2)}\n`
}

function carriers(): { 'bom-ref': string }[] {
  const sqlite = new Database(':memory:').prepare<[], string>('select sqlite_version()').pluck().get()!
  return [
    ['node.js', 'nodejs', process.versions.node],
    ['sqlite', 'sqlite', sqlite],
  ].map(([name, vendor, version]) => ({
    'bom-ref': `${name}@${version}`,
    type: 'library',
    name,
    version,
    cpe: `cpe:2.3:a:${vendor}:${name}:${version}:*:*:*:*:*:*:*`,
    purl: `pkg:generic/${name}@${version}`,
  }))
}
