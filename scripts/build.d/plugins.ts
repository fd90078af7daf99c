// What esbuild has to be told of the program's own ways.

import { readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import type { BuildOptions, Plugin } from 'esbuild'
import { type Architecture, ROOT } from './place.ts'

/** `__root`, the folder that mirrors the clone, and what a module is told of itself by `import.meta`. */
export function root(fromBundle: string): Pick<BuildOptions, 'banner' | 'define'> {
  return {
    banner: {
      js: [
        `const __root = require('node:path').join(__dirname, '${fromBundle}')`,
        `const __url = require('node:url').pathToFileURL(__filename).href`,
        `const __metaOf = (folder, name) => ({ dirname: __root + folder, filename: __root + folder + name })`,
      ].join('\n'),
    },
    define: { 'import.meta.url': '__url' }, // of packages
  }
}

/** `import.meta` of our own modules tells where they would lie, as .cjs. */
export const metaOfModules: Plugin = {
  name: 'metaOfModules',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const [, folder, name] = /^(.*\/)(.*)ts$/.exec(`/${relative(ROOT, path)}`)!
      const meta = `__metaOf('${folder!.slice(0, -1)}', '/${name}cjs')`
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta', meta), loader: 'ts' }
    })
  },
}

/** What runs by itself is never put into another bundle. */
export function entriesOutside(entries: readonly string[]): Plugin {
  return {
    name: 'entriesOutside',
    setup({ onResolve }) {
      onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir, kind }) => {
        const isEntry = kind !== 'entry-point' && entries.includes(relative(ROOT, join(resolveDir, path)))
        return isEntry ? { path: path.replace(/\.ts$/, '.cjs'), external: true } : undefined
      })
    },
  }
}

/** Each package that a backend imports is one file for all who import it. @param drivers file → the names of what is in it */
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
        const file = `drivers/${basename(name!)}.cjs`
        drivers.set(file, (drivers.get(file) ?? new Set()).add(path))
        return { contents: `module.exports = require(__root + '/${file}')['${path}']` }
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
      onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path), namespace: 'addon' }))
      onLoad({ filter: /.*/, namespace: 'addon' }, ({ path }) => {
        addons.set(basename(path), path)
        const loader = join(ROOT, 'src/system/addon.ts')
        return {
          contents: `module.exports = require('${loader}').loadAddon('${basename(path)}')`,
          resolveDir: ROOT,
        }
      })
    },
  }
}
