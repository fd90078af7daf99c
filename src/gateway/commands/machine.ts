// `restart`, `reboot`, `factory-reset`.

import { poolsOf } from '../config/changes.ts'
import { databasesIn } from '../databases.ts'
import { assertResettable, noteReset } from '../factory-reset.ts'
import { rebootMachine } from '../machine.ts'
import { command } from './command.ts'
import { onOff } from './parameter.ts'
import { flag, integer, listOf, record, text } from './schema.ts'

const restart = command('restart', {
  summary: 'stop the gateway, and start it anew',
  help: 'As after a power cut, but in good order: what waits is sent on, sessions go on, clients connect again by themselves.',
  result: record({ restarts: flag() }),
  will({ config }) {
    const { toConfirm } = config
    return [
      'Stops the gateway and starts it anew. Clients are disconnected for some seconds; their sessions stay.',
      ...(toConfirm ? [`Version ${toConfirm.version} is not confirmed, and is taken back by that.`] : []),
    ].join(' ')
  },
  did: () => 'The gateway starts anew.',
  run({ restart, log }, _, { who, from }) {
    log.warn({ who, from }, 'restart_asked_for')
    restart()
    return { restarts: true }
  },
})

const reboot = command('reboot', {
  summary: 'start the machine anew',
  help: 'By systemd, or by `reboot`, if the machine lets the user do so that the gateway runs as. `restart` is for the gateway alone.',
  result: record({ reboots: flag() }),
  asks: true,
  will: () => 'Starts the machine anew, with everything that runs on it. What was acknowledged is on the disk.',
  did: () => 'The machine starts anew.',
  async run({ log }, _, { who, from }) {
    log.warn({ who, from }, 'reboot_asked_for')
    await rebootMachine()
    return { reboots: true }
  },
})

const reset = command('factory-reset', {
  summary: 'back to what was shipped: no accounts, configuration, messages',
  help: `Removes every file of etc/ and puts the shipped ones there; removes the history of the configuration, the backups, the page's own
certificate, the queue with the sessions and retained messages in it, and the embedded databases in the data folder. Then the gateway starts anew,
and its log and its serial line show the one-time code that makes the first account.`,
  parameters: { keepQueue: onOff('Keep the queue, sessions, retained messages and embedded databases') },
  recentLogin: true,
  asks: true,
  result: record({ files: integer('of etc/'), databases: listOf(text()), keptQueue: flag() }),
  async will({ forward, backups, broker, config, dataDir }, { keepQueue }) {
    const waiting = [...(await forward.waiting())].map(([pool, events]) => `${pool} ${events}`).join(', ') || 'nothing'
    const databases = databasesIn(dataDir, poolsOf(config.running).values()).join(', ')
    const verb = keepQueue ? 'Keeps' : 'Removes'
    return [
      `Removes the configuration (${backups.files().length} files), users, operators, tokens, certificates, ${backups.list().length} backups.`,
      `${verb} the queue (waiting at most: ${waiting}), ${broker.sessions().length} sessions, retained messages.`,
      ...(databases === '' ? [] : [`${verb} the embedded databases ${databases}.`]),
      ...(keepQueue ? [] : ['With --keep-queue what waits and is stored stays.']),
      'Then the gateway starts anew as it was shipped, and shows a one-time code for the first account.',
    ].join(' ')
  },
  did: ({ keptQueue }) =>
    keptQueue
      ? 'Everything goes but the queue; the gateway starts anew as it was shipped.'
      : 'Everything goes; the gateway starts anew as it was shipped.',
  run({ backups, config, dataDir, restart, log }, { keepQueue = false }, caller) {
    const files = backups.files()
    assertResettable(config.running.etcDir, files)
    const databases = databasesIn(dataDir, poolsOf(config.running).values())
    noteReset(dataDir, { caller, keepQueue, files, databases })
    log.warn({ who: caller.who, from: caller.from, keepQueue }, 'factory_reset_asked_for')
    restart()
    return { files: files.length, databases, keptQueue: keepQueue }
  },
})

export const MACHINE_COMMANDS = [restart, reboot, reset]
