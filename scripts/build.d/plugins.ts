// What esbuild has to be told of the program's own ways (src/system/program.ts).

import { readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import type { BuildOptions, Plugin } from 'esbuild'
import { type Architecture, ROOT } from './place.ts'

/** Where modules of a binary believe to be. */
const INSIDE = '/holdfast'

/** What a module is told of itself: our own where it would lie, those of packages where the bundle does. */
export const META: Pick<BuildOptions, 'banner' | 'define'> = {
  banner: { js: `const __url = require('node:url').pathToFileURL(__filename).href` },
  define: { 'import.meta.url': '__url' },
}

/** `import.meta` of our own modules. */
export const metaOfModules: Plugin = {
  name: 'metaOfModules',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const [filename, dirname] = /^(.*)\/.*\./.exec(`${INSIDE}/${relative(ROOT, path)}`)!
      const meta = JSON.stringify({ dirname, filename: `${filename}cjs` })
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta', `(${meta})`), loader: 'ts' }
    })
  },
}

const program = (call: string, from = 'program'): string =>
  `module.exports = require('./src/system/${from}.ts').${call}`

/** Each package that a backend imports is one bundle for all who import it. @param drivers bundle → the names of what is in it */
export function driversOutside(drivers: Map<string, Set<string>>): Plugin {
  return {
    name: 'driversOutside',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
        if (!importer.startsWith(join(ROOT, 'src/backends')) || path.startsWith('node:')) return undefined
        return { path, namespace: 'driver' }
      })
      onLoad({ filter: /.*/, namespace: 'driver' }, ({ path }) => {
        const [, name] = /^((?:@[^/]+\/)?[^/]+)/.exec(path)!
        const bundle = `drivers/${basename(name!)}.cjs`
        drivers.set(bundle, (drivers.get(bundle) ?? new Set()).add(path))
        return { contents: program(`runPart('${bundle}')['${path}']`), resolveDir: ROOT }
      })
    },
  }
}

/** Addons of `architecture` are loaded by src/system/addon.ts. @param addons name → file */
export function addonsIn(architecture: Architecture, addons: Map<string, string>): Plugin {
  return {
    name: 'addonsIn',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /^better-sqlite3$/ }, ({ resolveDir, kind }) =>
        resolve(`better-sqlite3/linux-${architecture}`, { resolveDir, kind }),
      )
      onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => {
        addons.set(basename(path), join(resolveDir, path))
        return { path: basename(path), namespace: 'addon' } // the bundle knows it by this, which is the same in each clone
      })
      onLoad({ filter: /.*/, namespace: 'addon' }, ({ path }) => ({
        contents: program(`loadAddon('${path}')`, 'addon'),
        resolveDir: ROOT,
      }))
    },
  }
}
