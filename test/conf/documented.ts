// Configuration as the EMQX backend documentation shows it: `emqx/<name>.conf`.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export function documented(...names: string[]): string {
  return names.map((name) => readFileSync(join(import.meta.dirname, `emqx/${name}.conf`), 'utf8')).join('')
}
