// The entries of a file, whatever else is wrong with it.

import { Faults } from '../../config/fault.ts'
import { type Entry, parseText } from '../../config/text.ts'

const CONF = /^holdfast\.conf$|^plugins\//

/** @param name the entries' file */
export function entriesOf(name: string, content: Buffer): Entry[] {
  return CONF.test(name) ? parseText(name, content, new Faults()) : []
}
