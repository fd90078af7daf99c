// The process of the publishers. Told by lines on stdin: `publish <count>`, `hold`, `end`. Says on stdout, a JSON line
// each 100 ms, how far it is. Ends with its parent.

import { openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Random } from '../helpers/random.ts'
import { line } from './ledger.ts'
import { Publisher } from './publisher.ts'
import type { Progress, PublishersOptions } from './publishers.ts'

const options = JSON.parse(process.argv[2]!) as Required<PublishersOptions> & { ledger: string }
const file = openSync(options.ledger, 'a')
const counts = { sent: 0, repeated: 0, acknowledged: 0 }
const COUNT_OF = { S: 'sent', R: 'repeated', A: 'acknowledged' } as const

const publishers = options.qos.map((qos, i) => {
  const { seed, port, window, burst, pauseMs, cuts } = options
  return new Publisher({
    ...{ port, qos, window, burst, pauseMs, cuts },
    name: `${options.name}${i}`,
    random: new Random(seed + i),
    note(kind, publisher, n, qos) {
      writeSync(file, line(kind, publisher, n, qos))
      if (kind !== 'C') counts[COUNT_OF[kind]]++
    },
  })
})

let told = 0
const tell = (): void => {
  const progress: Progress = { ...counts, told, settled: publishers.every(({ settled }) => settled) }
  process.stdout.write(`${JSON.stringify(progress)}\n`)
}
const timer = setInterval(tell, 100)

for await (const words of createInterface({ input: process.stdin })) {
  const [command, count] = words.split(' ')
  if (command === 'end') break
  for (const publisher of publishers) {
    if (command === 'publish') publisher.publish(Number(count))
    else publisher.hold()
  }
  told++
}
clearInterval(timer)
await Promise.all(publishers.map((publisher) => publisher.end()))
process.exit()
