// What the keys of a configuration are: where they stand, whether they are secret, when a change of them counts.

import { prefixesOf, specOf } from '../../config/load.ts'
import { pluginName } from '../../config/plugins.ts'
import { secret } from '../../config/secret.ts'
import { type Setting, type SettingsSpec, settingFor } from '../../config/spec.ts'
import { BACKEND_KINDS, type BackendKind } from '../../model/binding.ts'
import { HoldfastError } from '../../model/errors.ts'
import { SCHEMA } from '../load.ts'
import { GATEWAY_SETTINGS } from '../settings.ts'
import { entriesOf } from './entries.ts'
import type { Files } from './files.ts'

/** Also what is misspelled, or commented out, must not be shown. */
const LOOKS_SECRET = /(passw(or)?d|secret|token)$/i

export function isSecret(key: string): boolean {
  return LOOKS_SECRET.test(key) || declared(key)?.type === secret
}

export function declared(key: string): Setting | undefined {
  const found = prefixOf(key)
  if (!found) return settingFor(GATEWAY_SETTINGS, key)
  return settingFor(specOf(SCHEMA.kinds[found.kind]), key.slice(found.prefix.length))
}

/** The keys that are set, and those that could be. */
export function* keysKnown(files: Files): Iterable<{ readonly key: string; readonly doc: string }> {
  const set = [...files].flatMap(([name, content]) => entriesOf(name, content)).map(({ key }) => key)
  const plain = Object.keys(GATEWAY_SETTINGS).filter((key) => !key.endsWith('*'))
  const below = set.flatMap((key) => siblings(key))
  for (const key of new Set([...set, ...plain, ...below])) yield { key, doc: declared(key)?.doc ?? '' }
}

/** Keys of the same listener or pool. */
function siblings(key: string): string[] {
  const found = prefixOf(key)
  if (found) {
    const [name] = key.slice(found.prefix.length).split('.')
    return name === 'hook'
      ? []
      : Object.keys(SCHEMA.kinds[found.kind].pool).map((one) => `${found.prefix}${name}.${one}`)
  }
  const [, section, name] = /^(listener\.\w+\.)([^.]+)$/.exec(key) ?? []
  const spec = section && (GATEWAY_SETTINGS as SettingsSpec)[`${section}*`]
  if (!spec || !('named' in spec)) return []
  return Object.keys(spec.named).flatMap((one) => (one === '' ? [] : `${section}${name}.${one}`))
}

/** Name of the file that the key stands in. @throws HoldfastError BAD_KEY */
export function fileOf(key: string): string {
  if (!/^[^\s=#]+$/.test(key) || key.split('.').includes('')) {
    throw new HoldfastError('BAD_KEY', `expected a key such as mqtt.max_inflight, not '${key}'`)
  }
  const found = prefixOf(key)
  if (found) return `plugins/${pluginName(found.kind)}.conf`
  if (!key.startsWith('backend.')) return 'holdfast.conf'
  throw new HoldfastError('BAD_KEY', `there is no backend of ${key}`, { hint: `backends: ${BACKEND_KINDS.join(', ')}` })
}

function prefixOf(key: string): { kind: BackendKind; prefix: string } | undefined {
  for (const kind of BACKEND_KINDS) {
    const prefix = prefixesOf(kind, SCHEMA.kinds[kind]).find((one) => key.startsWith(one))
    if (prefix !== undefined) return { kind, prefix }
  }
  return undefined
}
