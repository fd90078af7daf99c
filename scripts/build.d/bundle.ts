// From the sources to the folder whose files become the binary's assets, which mirrors the clone:
//   src/**/*.cjs   the program and its threads, each bundled with what it imports; drivers are left outside
//   drivers/*.gz   each database driver, loaded when a pool of its kind is opened
//   native/*.gz    addons (src/system/addon.ts)
//   src/**, etc/** the files beside: SQL, Lua, the configuration as shipped

import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build } from 'esbuild'
import { stripElf } from './elf.ts'
import { type Architecture, CACHE, ROOT } from './place.ts'
import { addonsIn, driversOutside, META, metaOfModules } from './plugins.ts'

/** What runs by itself: the first module, the program behind it, the threads. */
const ENTRIES = ['src/binary.ts', 'src/main.ts', 'src/queue/writer-worker.ts', 'src/forward/worker.ts']
/** Embedded as they are, where they are there. */
const FOLDERS = ['etc', 'page']
/** Of src, what is neither code nor for developers. */
const BESIDE = 'src/**/*.{sql,cql,lua,json,txt}'

/** Optional companions of packages, which do without them. */
const ABSENT = [
  ...['pg-native', 'cpu-features', 'kerberos', 'snappy', 'mongodb-client-encryption', '@mongodb-js/zstd', 'aws4'],
  ...['gcp-metadata', 'socks', '@aws-sdk/credential-providers', 'utf-8-validate', 'bufferutil'],
]

const COMMON: BuildOptions = {
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
}

/** @param about ends up in build.json. @returns the folder */
export async function bundle(architecture: Architecture, about: object): Promise<string> {
  const folder = join(CACHE, `stage-${architecture}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'native'), { recursive: true })
  const addons = new Map<string, string>()
  const drivers = new Map<string, Set<string>>()
  await build({
    ...COMMON,
    entryPoints: ENTRIES,
    outbase: ROOT,
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    plugins: [driversOutside(drivers), metaOfModules, addonsIn(architecture, addons)],
  })
  for (const [file, names] of drivers) {
    const contents = [...names]
      .sort()
      .map((name) => `exports['${name}'] = require('${name}')`)
      .join('\n')
    await build({ ...COMMON, minify: true, stdin: { contents, resolveDir: ROOT }, outfile: join(folder, file) })
  }
  for (const [name, file] of addons) writeFileSync(join(folder, 'native', name), stripElf(readFileSync(file)))
  for (const name of globSync('{drivers,native}/*', { cwd: folder })) compress(join(folder, name))
  for (const name of globSync(BESIDE, { cwd: ROOT })) cpSync(join(ROOT, name), join(folder, name))
  for (const name of FOLDERS) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  }
  writeFileSync(join(folder, 'build.json'), JSON.stringify(about))
  return folder
}

function compress(file: string): void {
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }))
  rmSync(file)
}
