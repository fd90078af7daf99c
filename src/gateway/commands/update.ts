// `update …`: what runs here, and how a newer version comes to it.

import { type Installed, installed } from '../machine.ts'
import { versions } from '../version.ts'
import { command } from './command.ts'
import { oneOf, record, text } from './schema.ts'

const NEXT: Readonly<Record<Installed, string>> = {
  package:
    '`apt install ./holdfast_….deb` with the newer package. What you have changed in /etc/holdfast stays, and what waits goes on.',
  binary:
    'Move (mv) the newer file to where the program is, then `restart`. Configuration and data stay, and what waits goes on.',
  sources:
    '`git pull` in the folder of the program, then `npm start` anew. Configuration and data stay, and what waits goes on.',
}

const status = command('update status', {
  summary: 'which version runs here, and how a newer one comes',
  result: record({
    version: text(),
    commit: text(),
    target: text('architecture that it was built for, or sources'),
    installed: oneOf(['package', 'binary', 'sources']),
    program: text('the file, or the folder of the sources'),
    next: text('what to do for a newer version'),
  }),
  did: ({ version, commit, target, installed, program, next }) =>
    `Holdfast ${version} (${commit}, ${target}), ${installed}: ${program}\n${next}`,
  run() {
    const { holdfast: version, commit, target } = versions()
    const { as, program } = installed()
    return { version: version!, commit: commit!, target: target!, installed: as, program, next: NEXT[as] }
  },
})

export const UPDATE_COMMANDS = [status]
