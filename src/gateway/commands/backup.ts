// `backup`, `backups`, `backup remove`, `restore`.

import { PENDING } from '../config/transaction.ts'
import type { Gateway } from '../gateway.ts'
import { command } from './command.ts'
import { type Candidate, choiceOf, onOff, option, optional, required, word } from './parameter.ts'
import { flag, integer, listOf, record, text, time } from './schema.ts'

const ABOUT = { node: text('whose it is'), at: time(), version: text('of Holdfast') }

const QUEUE_TOO =
  'At the next start its queue, sessions, retained messages and embedded databases take the place of those here, which go to `replaced` for 30 days; what an earlier restore left there is removed.'

const backup = command('backup', {
  summary: 'configuration, users, tokens and certificates, as one file',
  help: `A .tar.gz that only its owner may read: passwords of databases and private keys are in it. With --queue also what waits in the queue, with
sessions and retained messages, and the embedded databases, as they are at one moment, while the gateway goes on.`,
  parameters: {
    file: optional(word("a file's name"), 'FILE', 'A path; without a folder it goes to backups/ in the data folder', {
      isPath: true,
    }),
    queue: onOff('Also the queue, sessions, retained messages and embedded databases'),
  },
  result: record({
    ...{ file: text(), bytes: integer(), files: integer() },
    leftOut: listOf(text('a link to a folder')),
  }),
  will: (_, { file = 'a file in backups/ of the data folder' }) =>
    `Writes ${file}. Whoever can read it has the passwords and keys of this gateway.`,
  did: ({ file, bytes, files, leftOut }) =>
    [
      `${file}: ${files} files, ${bytes} bytes. Keep it safe: passwords and keys are in it.`,
      ...(leftOut.length > 0 ? [`Not in it, since they are links to folders: ${leftOut.join(', ')}.`] : []),
    ].join('\n'),
  async run({ backups }, input, caller) {
    const file = backups.pathOf(input.file ?? backups.newName(), caller)
    return { file, ...(await backups.write(file, caller, input)) }
  },
})

const list = command('backups', {
  summary: 'the backups in the data folder, newest first',
  result: listOf(record({ file: text(), bytes: integer(), at: time() })),
  columns: ['file', { key: 'bytes', as: 'bytes' }, { key: 'at', as: 'ago' }],
  run: ({ backups }) => backups.list(),
})

const kept = required(word("a backup's name"), 'FILE', 'As `backups` lists it', {
  *candidates({ backups }: Gateway): Iterable<Candidate> {
    for (const { file, at } of backups.list()) yield { word: file, doc: at }
  },
})

const remove = command('backup remove', {
  summary: 'take a backup out of the data folder',
  parameters: { file: kept },
  result: record({ file: text() }),
  asks: true,
  will: (_, { file }) => `Removes the backup ${file}.`,
  did: ({ file }) => `${file} is gone.`,
  run({ backups }, { file }, caller) {
    backups.remove(backups.pathOf(file, caller), caller)
    return { file }
  },
})

const restore = command('restore', {
  recentLogin: true,
  summary: 'put a backup back',
  help: `It is checked as a whole before anything changes; what there was is kept as a backup of its own, and as a version of the configuration.
Users, operators, tokens and certificates become those of the backup. What waits in the queue stays, but for --queue: then queue, sessions, retained
messages and embedded databases of the backup take the place of those that are here, at the next start; these go to the folder \`replaced\` beside them,
and are removed after 30 days, or sooner when the disk has less than twice \`queue.reserve\` left.
A queue that is restored takes an id of its own: what it had forwarded is not sent again; what another gateway with the same queue sends, too, is.
A queue that has run on here since its backup, or is restored a second time, may have sent what waits in it: where custom statements would write that
twice, it is refused without --again.`,
  parameters: {
    file: { ...kept, isPath: true, doc: 'A path; without a folder it is in backups/ in the data folder' },
    pending: option(
      choiceOf(...PENDING),
      'drain|drop|keep',
      'What becomes of events that wait for pools that are gone',
    ),
    queue: onOff('Also the queue and the embedded databases that are in it, from the next start on'),
    again: onOff('Also a queue whose waiting events may have been sent from here since'),
  },
  asks: true,
  result: record({
    ...ABOUT,
    configuration: integer('the version that runs'),
    changes: listOf(text()),
    before: text('what there was'),
    databases: listOf(text(), 'that take their place at the next start'),
    hasQueue: flag(),
  }),
  async will({ backups }, { file, queue }, caller) {
    const { about, hasQueue, hasOperators } = await backups.about(backups.pathOf(file, caller))
    const { node, at, version } = about
    return [
      `Makes configuration, users, operators, tokens and certificates those of ${node} on ${at} (Holdfast ${version}).`,
      hasOperators ? 'Accounts that are not in it are gone.' : 'There are no operators in it: those here stay.',
      ...(hasQueue ? [queue ? QUEUE_TOO : 'There is a queue in it, too, which --queue restores.'] : []),
    ].join(' ')
  },
  did: ({ node, at, changes, before, databases }) =>
    [
      `The backup of ${node}, ${at}, is back.`,
      ...changes,
      ...(databases.length > 0 ? [`${databases.join(', ')} of it count from the next start on: \`restart\`.`] : []),
      `What there was: ${before}`,
    ].join('\n'),
  async run({ backups }, { file, ...options }, caller) {
    const restored = await backups.restore(backups.pathOf(file, caller), caller, options)
    const { about, version: configuration, changes, before, databases, hasQueue } = restored
    const { node, at, version } = about
    return { node, at, version, configuration, changes: changes.sentences, before, databases, hasQueue }
  },
})

export const BACKUP_COMMANDS = [backup, list, remove, restore]
