// From src/web/page to the folder `page`, which the gateway serves: scripts and styles named by a hash of their content,
// each with its .br and .gz beside, and index.html. The same bytes each time.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { CACHE, filesIn, ROOT } from './place.ts'

export const PAGE = join(ROOT, 'page')
const SOURCES = join(ROOT, 'src/web/page')
/** Smaller ones travel in one packet anyway. */
const LEAST_TO_COMPRESS = 600

/** Leaves the folder as it is when nothing has changed. */
export async function buildPage(): Promise<void> {
  const stamp = join(CACHE, 'page-made')
  const made = sumOfSources()
  if (existsSync(join(PAGE, 'index.html')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === made) return
  const beside = join(CACHE, `page-${process.pid}`) // two builds at a time do not mix
  rmSync(beside, { recursive: true, force: true })
  mkdirSync(beside, { recursive: true })
  await bundle(beside)
  for (const name of readdirSync(beside)) compress(join(beside, name))
  rmSync(PAGE, { recursive: true, force: true })
  try {
    renameSync(beside, PAGE)
  } catch (error) {
    if (!existsSync(join(PAGE, 'index.html'))) throw error
    rmSync(beside, { recursive: true }) // another build was quicker, with the same result
  }
  writeFileSync(stamp, made)
}

async function bundle(folder: string): Promise<void> {
  const { build } = await import('esbuild')
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(SOURCES, 'main.tsx')],
    outdir: folder,
    entryNames: '[name]-[hash]',
    chunkNames: 'part-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['chrome111', 'firefox114', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    tsconfigRaw: {},
    minify: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  const [script, output] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint !== undefined)!
  const parts = output.imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => basename(path))
  const html = readFileSync(join(SOURCES, 'index.html'), 'utf8')
    .replace('main.css', basename(output.cssBundle!))
    .replace('main.tsx', basename(script))
    .replace('<!-- parts -->', parts.map((name) => `<link rel="modulepreload" href="/${name}">`).join(''))
  writeFileSync(join(folder, 'index.html'), html)
  for (const name of ['icon.svg']) writeFileSync(join(folder, name), readFileSync(join(SOURCES, name)))
}

function compress(file: string): void {
  const content = readFileSync(file)
  if (content.length < LEAST_TO_COMPRESS) return
  writeFileSync(`${file}.br`, brotliCompressSync(content))
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }))
}

function sumOfSources(): string {
  const sum = createHash('sha256')
  const files = [...filesIn(SOURCES).map((name) => join(SOURCES, name)), import.meta.filename]
  for (const file of [...files, join(ROOT, 'package-lock.json')]) {
    sum.update(`${basename(dirname(file))}/${basename(file)}\0`).update(readFileSync(file))
  }
  return sum.digest('hex')
}
