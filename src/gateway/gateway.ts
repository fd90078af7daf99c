// The gateway, put together: what a start does before there is a configuration, the rooms (inner.ts), and what the faces see of them.

import type { AccessControl, AccessRules } from '../access/access.ts'
import type { Broker } from '../broker/broker.ts'
import { faultsInUse } from '../config/load.ts'
import type { Fetch } from '../fetch/fetch.ts'
import type { Forward } from '../forward/forward.ts'
import { createLogger, type Logger } from '../log/logger.ts'
import { LogRing } from '../log/ring.ts'
import type { PoolId } from '../model/binding.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Journal } from '../queue/journal.ts'
import type { Store } from '../store/store.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import { freeBytes } from '../system/disk.ts'
import { Backups } from './backup/backup.ts'
import { recoverOthers } from './backup/others.ts'
import { Replaced } from './backup/replaced.ts'
import { putRestored } from './backup/restored-queue.ts'
import { type Commands, commandsOf } from './commands.ts'
import { EtcFolder } from './config/files.ts'
import { recoverConfig } from './config/recover.ts'
import { ConfigStore } from './config/store.ts'
import { ConfigTransaction } from './config/transaction.ts'
import { DeviceUsers } from './device-users.ts'
import type { OpenFace } from './face.ts'
import { doReset } from './factory-reset.ts'
import { startInner } from './inner.ts'
import { type Configuration, loadConfiguration } from './load.ts'
import { Logins } from './logins.ts'
import { Operators } from './operators.ts'
import { Plugins } from './plugins.ts'
import { type Reloaded, reloadAccess } from './reload.ts'
import { Rooms } from './rooms.ts'
import type { GatewaySettings } from './settings.ts'
import { publishFigures } from './sys-topics.ts'
import { Tokens } from './tokens.ts'
import { Trend } from './trend.ts'
import { keepTrend } from './trend-file.ts'
import { Updates } from './update/updates.ts'

export { ConfigFaults } from './load.ts'

export interface GatewayOptions {
  readonly etcDir: string
  readonly dataDir: string
  /** Log text for eyes instead of JSON. */
  readonly pretty: boolean
  /** Is to end this process in good order and to start it anew, soon: answers leave before. */
  restart(): void
}

export interface Gateway {
  readonly node: string
  readonly dataDir: string
  /** performance.now() at the start. */
  readonly startedAt: number
  readonly clock: Clock
  readonly journal: Journal
  readonly store: Store
  readonly fetch: Fetch
  readonly forward: Forward
  readonly broker: Broker
  readonly access: AccessControl
  /** Who connect by MQTT. */
  readonly users: DeviceUsers
  readonly operators: Operators
  /** To the page. */
  readonly logins: Logins
  readonly tokens: Tokens
  /** Those that the rooms go by now. */
  readonly settings: GatewaySettings
  /** Ends the gateway in good order and starts it anew, a moment later. */
  restart(): void
  /** Faces that take a changed configuration up; one that can't rejects, and the former goes on. */
  readonly onConfigure: Set<(settings: GatewaySettings) => Promise<void>>
  readonly log: Logger
  readonly logRing: LogRing
  readonly config: ConfigTransaction
  readonly backups: Backups
  readonly replaced: Replaced
  readonly updates: Updates
  readonly plugins: Plugins
  readonly trend: Trend
  readonly commands: Commands
  /** @param name `pool1`, or `pgsql.pool1` where several kinds have one. @throws HoldfastError NO_SUCH_POOL */
  poolId(name: string): PoolId
  /** @throws HoldfastError CONFIG with every fault: the rules that run go on */
  reloadAccess(): Reloaded
  /**
   * Closes the faces, drains what the broker holds, then the lanes' writes in flight, then the journal, within `stop.deadline`.
   * @returns false: something hangs, and the process has to be ended; nothing that was acknowledged is lost by that
   */
  close(faces?: readonly OpenFace[]): Promise<boolean>
}

const SILENT = createLogger({ level: 'silent', pretty: false })

/**
 * Starts everything; the listeners open last.
 * @throws ConfigFaults; HoldfastError (LOCKED: another gateway has the data folder; READ_ONLY; LISTENER_ADDRESS; …)
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  try {
    return await start(options)
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'JOURNAL_DAMAGED') throw error
    return await start(options) // it is noted, so what can be read is salvaged now
  }
}

async function start(options: GatewayOptions): Promise<Gateway> {
  const rooms = new Rooms()
  try {
    return await open(options, rooms)
  } catch (error) {
    await rooms.close(Number.POSITIVE_INFINITY, SILENT)
    throw error
  }
}

async function open(options: GatewayOptions, rooms: Rooms): Promise<Gateway> {
  const startedAt = performance.now()
  const { etcDir, dataDir } = options
  const reset = doReset(etcDir, dataDir)
  const etc = new EtcFolder(etcDir)
  const recovered = recoverConfig(etc, dataDir)
  recoverOthers(etc, dataDir)
  const restored = putRestored(dataDir)
  const running: { configuration: Configuration } = { configuration: loadConfiguration(etcDir) }
  const settings = running.configuration.gateway
  const node = settings['node.name']
  const logRing = new LogRing(settings['log.buffer'])
  const log = createLogger({ level: settings['log.level'], pretty: options.pretty, seen: (json) => logRing.add(json) })
  const clock = systemClock()
  logWarnings(running.configuration, log)

  const inner = await startInner({ dataDir, node, clock, log, rooms, running })
  const { journal, store, fetch, forward, broker, access } = inner
  const onConfigure: Gateway['onConfigure'] = new Set()
  const config = new ConfigTransaction({
    etc,
    store: new ConfigStore(dataDir),
    ...{ forward, journal, clock, log, running: running.configuration, recovered },
    async apply(next, kept, anyway) {
      const refused = (err: Error): void => {
        if (!anyway) throw err
        log.error({ err }, 'config_counts_from_the_next_start')
      }
      await inner.listen(next.gateway).catch(refused)
      for (const configure of onConfigure) await configure(next.gateway).catch(refused)
      await inner.use(next, kept)
      if (next.gateway['log.level'] !== running.configuration.gateway['log.level'])
        log.level = next.gateway['log.level']
      logRing.maxBytes = next.gateway['log.buffer']
      figures.every(next.gateway['sys.interval'])
      logWarnings(next, log)
      running.configuration = next
    },
  })
  rooms.add('config', () => config.close())
  if (config.draining.length > 0) await inner.useDatabases(running.configuration, config.draining)
  const useAccess = (rules: AccessRules): number => {
    access.replace(rules)
    config.accessIs(rules)
    return broker.review()
  }

  const backups = new Backups({ ...options, node, clock, config, journal, log })
  backups.clean()
  const operators = new Operators(etcDir, log)
  const current = (): GatewaySettings => running.configuration.gateway
  const replaced = new Replaced({ dataDir, clock, log, reserve: () => current()['queue.reserve'] })
  rooms.add('replaced', () => replaced.close())
  const logins = new Logins(
    () => ({ idleMs: current()['web.session_idle'], longestMs: current()['web.session_max'] }),
    (operator) => operators.holds(operator),
  )
  rooms.add('logins', () => logins.close())
  const updates = new Updates({ dataDir, log, room: () => freeBytes(dataDir) - current()['queue.reserve'] })
  rooms.add('updates', () => updates.close())
  const gateway: Gateway = {
    node,
    dataDir,
    startedAt,
    clock,
    ...{ journal, store, fetch, forward, broker, access },
    operators,
    logins,
    tokens: new Tokens(etcDir),
    get settings() {
      return current()
    },
    onConfigure,
    restart: options.restart,
    log,
    logRing,
    config,
    backups,
    replaced,
    updates,
    plugins: new Plugins(config),
    trend: new Trend(),
    get commands() {
      return commandsOf(gateway)
    },
    poolId: (name) => findPool(forward, name),
    users: new DeviceUsers({ access, log, file: () => current()['auth.file'], use: useAccess }),
    reloadAccess: () => reloadAccess({ etcDir, broker, log, use: useAccess }),
    async close(faces = []) {
      for (const face of faces) rooms.add('face', () => face.close(), { canBeLeft: true })
      const deadlineMs = current()['stop.deadline']
      log.info({ deadlineMs }, 'gateway_stopping')
      const isWhole = await rooms.close(deadlineMs, log)
      log.info({ isWhole }, 'gateway_stopped')
      return isWhole
    },
  }
  const figures = publishFigures(gateway)
  figures.every(settings['sys.interval'])
  rooms.add('figures', () => figures.stop())
  const trend = keepTrend(gateway.trend, gateway)
  rooms.add('trend', () => trend.close())
  log.info({ node, ms: Math.round(performance.now() - startedAt) }, 'gateway_running')
  setImmediate(() => config.recordOrSay())
  if (reset) log.warn({ ...reset.caller, keptQueue: reset.keepQueue }, 'factory_reset')
  if (restored.length > 0) log.warn({ databases: restored }, 'queue_restored')
  if (recovered) log.warn({ version: recovered.version, instead: recovered.instead }, recovered.message)
  return gateway
}

/** What `holdfast check` warns of, for who does not call it. */
function logWarnings(configuration: Configuration, log: Logger): void {
  for (const { file, line, column, message, hint } of faultsInUse(configuration)) {
    log.warn({ place: `${file}:${line}:${column}`, why: message, hint }, 'config_warning')
  }
}

function findPool(forward: Forward, name: string): PoolId {
  const lanes = forward.lanes()
  const found = lanes.filter((lane) => lane.pool === name || lane.name === name)
  if (found.length === 1) return found[0]!.pool
  throw new HoldfastError(
    'NO_SUCH_POOL',
    found.length === 0 ? `there is no pool '${name}'` : `several pools are called '${name}'`,
    {
      hint: `pools: ${lanes.map((lane) => lane.pool).join(', ') || 'none'}`,
    },
  )
}
