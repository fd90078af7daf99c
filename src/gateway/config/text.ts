// The configuration as text for a person: differences, entries; secrets as ***.

import { hideSecrets } from '../../config/edit.ts'
import { GATEWAY_SETTINGS } from '../settings.ts'
import { entriesOf } from './entries.ts'
import { differing, type Files } from './files.ts'
import { declared, isSecret } from './keys.ts'

const NOTHING = Buffer.alloc(0)

/** With secrets hidden. */
export const shown = (content: Buffer): string => hideSecrets(content, isSecret).toString()

/** As `diff -u` has it; '' when they are the same. */
export async function diffOf(before: Files, after: Files): Promise<string> {
  const { createTwoFilesPatch } = await import('diff')
  return differing(before, after)
    .map((name) => {
      const [old, fresh] = [before.get(name), after.get(name)]
      const patch = createTwoFilesPatch(
        ...([
          old ? name : '/dev/null',
          fresh ? name : '/dev/null',
          shown(old ?? NOTHING),
          shown(fresh ?? NOTHING),
        ] as const),
      )
      return `${patch.split('\n').slice(1).join('\n')}${secretsThatDiffer(name, old ?? NOTHING, fresh ?? NOTHING)}`
    })
    .join('')
}

/** They look the same in the text. */
function secretsThatDiffer(name: string, before: Buffer, after: Buffer): string {
  const old = new Map(entriesOf(name, before).map(({ key, value }) => [key, value]))
  return entriesOf(name, after)
    .filter(({ key, value }) => isSecret(key) && old.has(key) && old.get(key) !== value)
    .map(({ key }) => `~${key} is another secret\n`)
    .join('')
}

export interface ShownEntry {
  readonly key: string
  /** Secrets as `***`; null: not set, and there is no default. */
  readonly value: string | null
  readonly default: string | null
  readonly file: string
  /** Null: not set. */
  readonly line: number | null
  /** Does it run like that? */
  readonly changed: boolean
  readonly counts: 'now' | 'at start'
  readonly doc: string
}

/** @param all also keys of holdfast.conf that are not set */
export function entriesShown(running: Files, files: Files, all: boolean): ShownEntry[] {
  const before = new Map(
    [...running].flatMap(([name, content]) => entriesOf(name, content)).map((one) => [one.key, one.value]),
  )
  const entries = [...files].flatMap(([name, content]) => entriesOf(name, content))
  const set = entries.map(({ key, value, file, line }) => ({
    ...about(key),
    ...{ key, value: isSecret(key) ? hidden(value) : value, file, line, changed: before.get(key) !== value },
  }))
  if (!all) return set
  const missing = Object.keys(GATEWAY_SETTINGS).filter(
    (key) => !key.endsWith('*') && !entries.some((one) => one.key === key),
  )
  const unset = missing.map((key) => {
    const { default: value, ...rest } = about(key)
    return { ...rest, key, value, default: value, file: 'holdfast.conf', line: null, changed: before.has(key) }
  })
  return [...set, ...unset]
}

function about(key: string): Pick<ShownEntry, 'default' | 'counts' | 'doc'> {
  const setting = declared(key)
  return { default: setting?.default ?? null, counts: setting?.atStart ? 'at start' : 'now', doc: setting?.doc ?? '' }
}

const hidden = (value: string): string => shown(Buffer.from(`password=${value}`)).slice('password='.length)
