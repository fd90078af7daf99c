// From the sources to the folder whose files become the binary's assets, which mirrors the clone:
//   src/**/*.cjs      the program and its threads, each bundled with what each start needs
//   src/**, etc/**    the files beside: SQL, Lua, the configuration as shipped
//   page/*            the page; plain files that have a compressed one beside are packed
//   packed/packages/* database drivers, the web server and others, loaded when they are needed first
//   packed/native/*   addons (src/system/addon.ts)

import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build } from 'esbuild'
import { stripElf } from './elf.ts'
import { type Inside, packagesInside } from './inside.ts'
import { buildPage, PAGE } from './page.ts'
import { type Architecture, CACHE, ROOT, tracked } from './place.ts'
import { addonsIn, META, metaOfModules, packagesOutside } from './plugins.ts'

/** What runs by itself: the first module, the program behind it, the threads. */
const ENTRIES = [
  'src/binary.ts',
  'src/main.ts',
  'src/queue/writer-worker.ts',
  'src/forward/worker.ts',
  'src/gateway/copy-worker.ts',
]
/** Of src, what is neither code nor for developers. */
const BESIDE = 'src/{backends,gateway,console}/**/*.{sql,cql,lua,json,txt}'
/** Compressed, since not every start needs them. */
const PACKED = ['packages/*', 'native/*', 'page/*.{js,css,html}']

/** Optional companions of packages, which do without them. */
const ABSENT = [
  ...['pg-native', 'cpu-features', 'kerberos', 'snappy', 'mongodb-client-encryption', '@mongodb-js/zstd', 'aws4'],
  ...['gcp-metadata', 'socks', '@aws-sdk/credential-providers', 'utf-8-validate', 'bufferutil'],
]

const COMMON = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  absWorkingDir: ROOT,
  ...META,
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  external: ABSENT,
  logLevel: 'warning',
  metafile: true,
} as const satisfies BuildOptions

export interface Bundled {
  /** Where the assets are. */
  readonly folder: string
  readonly inside: readonly Inside[]
}

/** @param about ends up in build.json */
export async function bundle(architecture: Architecture, about: object): Promise<Bundled> {
  const folder = join(CACHE, `stage-${architecture}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'native'), { recursive: true })
  const addons = new Map<string, string>()
  const packages = new Map<string, Set<string>>()
  const addonsOfIt = addonsIn(architecture, addons)
  const { metafile } = await build({
    ...COMMON,
    entryPoints: ENTRIES,
    outbase: ROOT,
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    plugins: [packagesOutside(packages), metaOfModules, addonsOfIt],
  })
  const metafiles = [metafile]
  for (const [file, names] of packages) {
    const lines = [...names].sort().map((name) => `exports['${name}'] = require('${name}')`)
    const { metafile } = await build({
      ...COMMON,
      minify: true,
      stdin: { contents: lines.join('\n'), resolveDir: ROOT },
      outfile: join(folder, file),
      plugins: [metaOfModules, addonsOfIt],
    })
    metafiles.push(metafile)
  }
  for (const [name, file] of addons) writeFileSync(join(folder, 'native', name), stripElf(readFileSync(file)))
  for (const name of [...globSync(BESIDE, { cwd: ROOT }), ...tracked('etc')])
    cpSync(join(ROOT, name), join(folder, name))
  await buildPage()
  cpSync(PAGE, join(folder, 'page'), { recursive: true })
  for (const name of PACKED.flatMap((pattern) => globSync(pattern, { cwd: folder }))) compress(folder, name)
  writeFileSync(join(folder, 'build.json'), JSON.stringify(about))
  return { folder, inside: await packagesInside(architecture, metafiles) }
}

function compress(folder: string, name: string): void {
  const packed = join(folder, 'packed', name)
  mkdirSync(dirname(packed), { recursive: true })
  writeFileSync(packed, gzipSync(readFileSync(join(folder, name)), { level: 9 }))
  rmSync(join(folder, name))
}
