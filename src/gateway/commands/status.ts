// `status`, and parts of it.

import { CLOCK_STATUS, STATUS, STORAGE_STATUS, statusNow, storageStatus } from '../status.ts'
import { command } from './command.ts'
import { statusForEyes } from './status-for-eyes.ts'

const status = command('status', {
  summary: 'everything at a glance',
  help: '--json has more figures than the screenful for people.',
  result: STATUS,
  did: statusForEyes,
  run: statusNow,
})

const storage = command('storage', {
  summary: 'the journal and the disk',
  result: STORAGE_STATUS,
  run: storageStatus,
})

const clock = command('clock', {
  summary: 'is the time to be trusted?',
  result: CLOCK_STATUS,
  run: ({ clock }) => ({ trusted: clock.trusted(), source: clock.source() }),
})

export const STATUS_COMMANDS = [status, storage, clock]
