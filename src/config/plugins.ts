// `etc/loaded_plugins`: the names of the plugins that run, one a line.

import { BACKEND_KINDS, type BackendKind } from '../model/binding.ts'
import type { Faults, Place } from './fault.ts'
import { nearest } from './nearest.ts'
import { textLines } from './text.ts'

const PREFIX = 'emqx_backend_'
const NAMES = BACKEND_KINDS.map((kind) => `${PREFIX}${kind}`)
/** `name`, or as EMQX writes it: `{name, true}.` or `name.` */
const LINE = /^\s*(?:\{\s*([\w-]+)\s*,\s*(true|false)\s*\}\.?|([\w-]+)\.?)\s*$/

export function pluginName(kind: BackendKind): string {
  return `${PREFIX}${kind}`
}

/** @returns where each loaded kind is named. */
export function parseLoadedPlugins(file: string, content: Buffer, faults: Faults): Map<BackendKind, Place> {
  const loaded = new Map<BackendKind, Place>()
  for (const { line, text } of textLines(file, content, faults)) {
    const place = { file, line, column: text.search(/\S/) + 1 }
    if (text.trimStart().startsWith('%')) continue // a comment, in Erlang
    const [, listed, state, bare] = LINE.exec(text) ?? []
    const name = listed ?? bare
    if (name === undefined) faults.error(place, "expected a plugin's name", `such as ${NAMES.join(', ')}`)
    else if (state !== 'false') load(loaded, name, place, faults)
  }
  return loaded
}

function load(loaded: Map<BackendKind, Place>, name: string, place: Place, faults: Faults): void {
  const kind = BACKEND_KINDS.find((one) => pluginName(one) === name)
  if (kind) {
    if (loaded.has(kind)) faults.warning(place, `${name} is there twice`)
    loaded.set(kind, place)
  } else if (name.startsWith('emqx_') && !name.startsWith(PREFIX)) {
    faults.warning(place, `${name} is a plugin of EMQX that Holdfast does not have`, 'the line does nothing')
  } else {
    const near = nearest(name, NAMES)
    faults.error(place, `unknown plugin ${name}`, near ? `did you mean ${near}?` : `plugins: ${NAMES.join(', ')}`)
  }
}
