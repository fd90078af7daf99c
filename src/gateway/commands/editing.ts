// What the commands have in common that edit the candidate.

import { formatFault } from '../../config/fault.ts'
import type { EditOptions } from '../config/editor.ts'
import type { Gateway } from '../gateway.ts'
import type { Caller } from './command.ts'
import { onOff, option, wholeNumber } from './parameter.ts'
import { type Described, integer, listOf, oneOf, record, text } from './schema.ts'

export const FAULT = record(
  { file: text(), line: integer(), column: integer(), severity: oneOf(['error', 'warning']), message: text() },
  { hint: text('what to do') },
)
export const EDITED = record({
  file: text(),
  revision: integer('of the candidate'),
  faults: listOf(FAULT, 'of what was edited'),
})
/** What people see of an edit. */
export function edited({ file, revision, faults }: Described<typeof EDITED>): string {
  return [
    `${file} in the candidate, revision ${revision}. \`config commit\` takes it up.`,
    ...faults.map(formatFault),
  ].join('\n')
}

/** What every edit may have. */
export const EDIT = {
  take: onOff('Go on with the change that another owner began'),
  revision: option(wholeNumber(), 'N', "The candidate's revision as it was seen; refused when it is another by now"),
}

/** @param name of the file whose faults are told. @throws HoldfastError CANDIDATE_TAKEN, CHANGED_MEANWHILE, BAD_FILE, TOO_LARGE */
export function edit(
  config: Gateway['config'],
  caller: Caller,
  options: EditOptions,
  name: string,
  change: (files: Map<string, Buffer>) => void,
) {
  const { revision } = config.editor.change(caller, options, change)
  return { file: name, revision, faults: config.faultsOf(name) }
}
