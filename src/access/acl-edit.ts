// The rules file, changed by its lines: comments and everything else stay as they are.

import { Faults } from '../config/fault.ts'
import { type AclLine, aclLines, type WrittenLine } from './acl.ts'

/** Who a rule is for: a user, clients without a name, or everybody (`pattern`). */
export type Scope = { readonly user: string } | 'anonymous' | 'everybody'

export interface ScopedRule extends AclLine {
  readonly scope: Scope
}

/** With the rule behind the last one of its scope; a user without a section gets one at the end. */
export function withRule(content: Buffer, { scope, access, filter }: ScopedRule): Buffer {
  const rule = asBytes(`${scope === 'everybody' ? 'pattern' : 'topic'} ${access} ${filter}`)
  const written = linesOf(content)
  const last = written.findLast((line) => isOf(line, scope))
  const lines = textOf(content).split('\n')
  if (last) return spliced(lines, last.place.line, rule)
  if (scope === 'anonymous') return spliced(lines, (written[0]?.place.line ?? lines.length) - 1, rule)
  if (lines.at(-1) === '') lines.pop()
  if (scope === 'everybody') return spliced(lines, lines.length, rule, '')
  return spliced(lines, lines.length, ...(lines.length > 0 ? [''] : []), asBytes(`user ${scope.user}`), rule, '')
}

/**
 * Without a line, and without the `user` line before it where nothing is left behind that.
 * @returns undefined: there is no rule in this line
 */
export function withoutRule(content: Buffer, line: number): Buffer | undefined {
  const written = linesOf(content)
  const at = written.findIndex(({ word, place }) => word !== 'user' && place.line === line)
  if (at < 0) return undefined
  const [before, behind] = [written[at - 1], written[at + 1]]
  const lines = textOf(content).split('\n')
  const isLastOfUser = before?.word === 'user' && (behind === undefined || behind.word === 'user')
  lines.splice(line - 1, 1)
  if (isLastOfUser) lines.splice(before.place.line - 1, 1)
  return bytesOf(lines)
}

/** Bytes as letters, so that a comment in any encoding survives. */
const ENCODING = 'latin1'
const textOf = (content: Buffer): string => content.toString(ENCODING)
const asBytes = (text: string): string => Buffer.from(text).toString(ENCODING)
const bytesOf = (lines: readonly string[]): Buffer => Buffer.from(lines.join('\n'), ENCODING)

const linesOf = (content: Buffer): WrittenLine[] => [...aclLines('', content, new Faults())]

function isOf({ word, user }: WrittenLine, scope: Scope): boolean {
  if (scope === 'everybody' || word === 'pattern') return scope === 'everybody' && word === 'pattern'
  return user === (scope === 'anonymous' ? null : scope.user)
}

function spliced(lines: string[], at: number, ...added: string[]): Buffer {
  lines.splice(at, 0, ...added)
  return bytesOf(lines)
}
