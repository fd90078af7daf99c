// Test reporter: after everything else, the skipped tests by name and with the reason. HOLDFAST_FAILED names a file that takes the
// files of failed tests, a line each.

import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'

export default async function* closing(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const skipped: string[] = []
  const failed = new Set<string>()
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    if (type === 'test:fail') failed.add(relative('.', data.file ?? data.name))
    if (data.skip === undefined) continue
    const reason = typeof data.skip === 'string' ? data.skip : 'no reason given'
    skipped.push(`  ${data.name}: ${reason}`)
  }
  const { HOLDFAST_FAILED: list } = process.env
  if (list) writeFileSync(list, [...failed, ''].join('\n'))
  yield skipped.length === 0 ? '\nskipped: none\n' : `\nskipped:\n${skipped.join('\n')}\n`
}
