// What esbuild has to be told of the program's own ways (src/system/program.ts).

import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
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

/** Packages that each start needs, or that are written as ECMAScript modules only. */
const KEPT = /^(aedes|better-sqlite3|diff|mqtt-packet|pino|string-width|ws)$/

/**
 * Each other package that our modules import is a bundle for all of them, loaded when it is needed first: drivers of databases,
 * the web server, … @param packages bundle → the names of what is in it
 */
export function packagesOutside(packages: Map<string, Set<string>>): Plugin {
  return {
    name: 'packagesOutside',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
        const isOurs = importer.startsWith(join(ROOT, 'src/')) && !path.startsWith('node:')
        return isOurs && !KEPT.test(path) ? { path, namespace: 'package' } : undefined
      })
      onLoad({ filter: /.*/, namespace: 'package' }, ({ path }) => {
        const [name] = /^(@[^/]+\/)?[^/]+/.exec(path)!
        const bundle = `packages/${name.replace('/', '.')}.cjs`
        packages.set(bundle, (packages.get(bundle) ?? new Set()).add(path))
        const contents = `module.exports = require('./src/system/program.ts').runPart('${bundle}')['${path}']`
        return { contents, resolveDir: ROOT }
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
        addons.set('better-sqlite3.node', join(resolveDir, path))
        return { path: 'better-sqlite3.node', namespace: 'addon' }
      })
      // what serialport calls to find its addon
      onResolve({ filter: /^node-gyp-build$/ }, () => {
        const [file] = globSync(`${SERIALPORT}/linux-${architecture}/*.glibc.node`)
        addons.set('serialport.node', file!)
        return { path: 'serialport.node', namespace: 'addon', pluginData: '() => ' }
      })
      onLoad({ filter: /.*/, namespace: 'addon' }, ({ path, pluginData = '' }) => ({
        contents: `module.exports = ${pluginData}require('./src/system/addon.ts').loadAddon('${path}')`,
        resolveDir: ROOT,
      }))
    },
  }
}

const SERIALPORT = join(ROOT, 'node_modules/@serialport/bindings-cpp/prebuilds')
