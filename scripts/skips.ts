// Test reporter: the list of skipped tests, by name and with the reason, after everything else.

import type { TestEvent } from 'node:test/reporters'

export default async function* skips(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const skipped: string[] = []
  for await (const event of events) {
    if ((event.type !== 'test:pass' && event.type !== 'test:fail') || event.data.skip === undefined) continue
    const reason = typeof event.data.skip === 'string' ? event.data.skip : 'no reason given'
    skipped.push(`  ${event.data.name}: ${reason}`)
  }
  yield skipped.length === 0 ? '\nskipped: none\n' : `\nskipped:\n${skipped.join('\n')}\n`
}
