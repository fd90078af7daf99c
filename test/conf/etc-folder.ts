// Folders of configuration for the tests here.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { folderUntilExit } from '../helpers/temporary.ts'

export const SHIPPED = new URL('../../etc', import.meta.url).pathname

/** A new folder with these files, beside a holdfast.conf as shipped and no plugin loaded. */
export function etcWith(files: Readonly<Record<string, string>>): string {
  const etc = folderUntilExit()
  const shipped = readFileSync(join(SHIPPED, 'holdfast.conf'), 'utf8')
  for (const [name, content] of Object.entries({ 'holdfast.conf': shipped, loaded_plugins: '', ...files })) {
    mkdirSync(dirname(join(etc, name)), { recursive: true })
    writeFileSync(join(etc, name), content)
  }
  return etc
}
