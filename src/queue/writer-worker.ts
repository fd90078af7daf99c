// The thread of the only writer.

import { parentPort, workerData } from 'node:worker_threads'
import { isDamage, openForWrite } from '../sqlite/open.ts'
import type { FromWriter, ToWriter, WriterStart } from './messages.ts'
import { markSuspect } from './salvage.ts'
import { PAGE_SIZE } from './schema.ts'
import { Writer } from './writer.ts'

const start = workerData as WriterStart
const main = parentPort!
process.on('uncaughtExceptionMonitor', (error) => {
  if (isDamage(error)) markSuspect(start.file, error)
})

const writer = new Writer(openForWrite(start.file, { pageSize: PAGE_SIZE }), start)

main.on('message', receive)
tell({ kind: 'ready', report: writer.report() })

function receive(message: ToWriter): void {
  switch (message.kind) {
    case 'batch':
      writer.batch(message, (answer) => main.postMessage(answer, [answer.page]))
      break
    case 'lanes':
      writer.addLanes(message.port)
      break
    case 'floor':
      writer.setFloor(message.name, message.seq)
      break
    case 'identity':
      writer.setIdentity(message.identity)
      break
    case 'limits':
      writer.limits = message.limits
      break
    case 'close':
      writer.close()
      tell({ kind: 'closed' })
      main.close()
  }
}

function tell(message: FromWriter): void {
  main.postMessage(message)
}
