// Which packages are inside a binary: those that the bundles were made of, by esbuild's own account, and the runtime.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { type Architecture, ROOT, readJson } from './place.ts'
import { runtimeFolder } from './runtime.ts'

export interface Inside {
  readonly name: string
  readonly version: string
  readonly licence: string
  /** Where it is installed. */
  readonly folder: string
}

/** @param metafiles of the bundles. @returns by name, and by version where there are several */
export async function packagesInside(architecture: Architecture, metafiles: readonly Metafile[]): Promise<Inside[]> {
  const files = [...metafiles, await metafileOfPage()].flatMap(({ inputs }) => Object.keys(inputs))
  const folders = new Set(files.flatMap((file) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []))
  const runtime = { ...locked(`node_modules/node-linux-${architecture}`), folder: runtimeFolder(architecture) }
  const key = ({ name, version }: Inside): string => `${name}@${version}`
  const all = new Map([...[...folders].map(locked), runtime].map((one) => [key(one), one]))
  return [...all.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

/** The page is built apart (page.ts). */
async function metafileOfPage(): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: [join(ROOT, 'src/web/page/main.tsx')],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    outdir: 'page',
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    metafile: true,
  })
  return metafile
}

function locked(folder: string): Inside {
  const { version, license: licence = 'UNKNOWN' } = readJson('package-lock.json').packages[folder]
  return { name: folder.replace(/.*node_modules\//, ''), version, licence, folder: join(ROOT, folder) }
}

/** The texts that have to go along, each once, under the names of those that have it. */
export function licences(inside: readonly Inside[]): string {
  const texts = new Map<string, { text: string; of: string[] }>()
  for (const { name, version, licence, folder } of inside) {
    const text = licenceTexts(folder) || `${licence}\n`
    const id = createHash('sha256').update(text).digest('hex')
    const known = texts.get(id) ?? { text, of: [] }
    texts.set(id, known)
    known.of.push(`${name} ${version} (${licence})`)
  }
  const head = readFileSync(join(ROOT, 'LICENSE'), 'utf8')
  const parts = [...texts.values()].map(({ text, of }) => `${of.join('\n')}\n\n${text.trim()}\n`)
  return [`Holdfast\n\n${head.trim()}\n`, ...parts].join(`\n${'='.repeat(80)}\n\n`)
}

function licenceTexts(folder: string): string {
  if (!existsSync(folder)) return ''
  return readdirSync(folder)
    .filter((name) => /^(licen[cs]e|notice|copying)(\.|-|$)/i.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
}
