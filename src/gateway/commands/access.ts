// `reload`: who is let in, and who may do what.

import { command } from './command.ts'
import { integer, listOf, record, text } from './schema.ts'

const reload = command('reload', {
  summary: 'read users, access rules and certificates again',
  result: record({
    users: integer(),
    aclLines: integer(),
    disconnected: integer('clients that would not be let in any more'),
    certificateFaults: listOf(text(), 'why certificates that are there now are not in use'),
  }),
  will: () =>
    'Reads users, access rules and certificates again. Clients that would not be let in any more are disconnected; all others stay.',
  run: (gateway) => gateway.reloadAccess(),
})

export const ACCESS_COMMANDS = [reload]
