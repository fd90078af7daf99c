// on_message_publish and on_message_store on one topic: the message has one row all the same, but somebody is mistaken.

import type { Binding, FunctionName } from '../model/binding.ts'
import type { Faults } from './fault.ts'
import type { Entry } from './text.ts'

export interface BoundLine {
  readonly entry: Entry
  readonly binding: Binding
}

export function warnDoubleStore(lines: readonly BoundLine[], faults: Faults): void {
  const stores = lines.filter(({ binding }) => runs(binding, 'on_message_store'))
  for (const { entry, binding } of lines.filter((line) => runs(line.binding, 'on_message_publish'))) {
    const other = stores.find((store) => store.binding.pool === binding.pool && overlap(store.binding, binding))
    if (!other) continue
    const hint = `on_message_store in line ${other.entry.line} stores every QoS; each message is stored once`
    faults.warning(entry, 'on_message_publish and on_message_store meet on a topic', hint)
  }
}

function runs(binding: Binding, name: FunctionName): boolean {
  return 'function' in binding.action && binding.action.function === name
}

/** Is there a topic that both filters match? */
function overlap({ topic: one = '#' }: Binding, { topic: other = '#' }: Binding): boolean {
  const levels = other.split('/')
  for (const [index, level] of one.split('/').entries()) {
    const against = levels[index]
    if (level === '#' || against === '#') return true
    if (against === undefined) return false
    if (level !== '+' && against !== '+' && level !== against) return false
  }
  const rest = levels.slice(one.split('/').length)
  return rest.length === 0 || rest[0] === '#'
}
