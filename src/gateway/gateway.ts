// The rooms, put together: the order in which they start and stop, and what the faces see of them.

import { join } from 'node:path'
import { AccessControl, type AccessRules } from '../access/access.ts'
import { BACKENDS } from '../backends/index.ts'
import { type Broker, startBroker } from '../broker/broker.ts'
import { faultsInUse, type LoadedPool } from '../config/load.ts'
import { revealSecrets } from '../config/secret.ts'
import { Fetch } from '../fetch/fetch.ts'
import { type Forward, type PoolConfig, startForward } from '../forward/forward.ts'
import { Hooks } from '../hooks/hooks.ts'
import { createLogger, type Logger } from '../log/logger.ts'
import { LogRing } from '../log/ring.ts'
import type { BackendKind, PoolId } from '../model/binding.ts'
import { HoldfastError } from '../model/errors.ts'
import { type Journal, openJournal } from '../queue/journal.ts'
import { JOURNAL_FILE } from '../queue/startup.ts'
import { LOCAL_TABLES, Store } from '../store/store.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import { Backups } from './backup/backup.ts'
import { recoverOthers } from './backup/others.ts'
import { putRestored } from './backup/restored-queue.ts'
import { holdUntilClockIsSet } from './clock-hold.ts'
import { type Commands, commandsOf } from './commands.ts'
import { bindingsOf, poolsOf } from './config/changes.ts'
import { EtcFolder } from './config/files.ts'
import { recoverConfig } from './config/recover.ts'
import { ConfigStore } from './config/store.ts'
import { ConfigTransaction } from './config/transaction.ts'
import { DeviceUsers } from './device-users.ts'
import { endOfTheDead } from './end-of-the-dead.ts'
import type { OpenFace } from './face.ts'
import { doReset } from './factory-reset.ts'
import { brokerLimits, forwardLimits, journalLimits, listeners, retainedLimits } from './limits.ts'
import { type Configuration, loadConfiguration } from './load.ts'
import { Logins } from './logins.ts'
import { Operators } from './operators.ts'
import { Plugins } from './plugins.ts'
import { type Reloaded, reloadAccess } from './reload.ts'
import { Rooms } from './rooms.ts'
import { keepSessionFloor } from './session-floor.ts'
import type { GatewaySettings } from './settings.ts'
import { publishFigures } from './sys-topics.ts'
import { Tokens } from './tokens.ts'
import { Trend } from './trend.ts'
import { keepTrend } from './trend-file.ts'

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
  const reset = doReset(options.etcDir, options.dataDir)
  const restored = putRestored(options.dataDir)
  const etc = new EtcFolder(options.etcDir)
  const recovered = recoverConfig(etc, options.dataDir)
  recoverOthers(etc, options.dataDir)
  const configuration = loadConfiguration(options.etcDir)
  let running = configuration
  const settings = configuration.gateway
  const node = settings['node.name']
  const logRing = new LogRing(settings['log.buffer'])
  const log = createLogger({ level: settings['log.level'], pretty: options.pretty, seen: (json) => logRing.add(json) })
  const clock = systemClock()

  const journal = await openJournal({
    ...journalLimits(settings),
    dataDir: options.dataDir,
    tables: LOCAL_TABLES,
    floors: ['sessions'],
    clock,
    log,
  })
  rooms.add('journal', () => journal.close())
  const store = new Store(journal, { retained: retainedLimits(settings) })
  const forward = startForward({
    file: join(options.dataDir, JOURNAL_FILE),
    port: journal.lanePort(),
    dataDir: options.dataDir,
    node,
    log,
  })
  rooms.add('forward', () => forward.close(), { canBeLeft: true })
  forward.onTwin((pool) => void journal.takeNewIdentity(`the mark of ${pool} is moved by another gateway, too`))
  const fetch = new Fetch({
    journal,
    store,
    clock,
    pools: forward,
    wildcardReads: await wildcardReads(),
    get deadlineMs() {
      return running.gateway['recall.deadline']
    },
    log,
  })
  rooms.add('fetch', () => fetch.close())
  const hooks = new Hooks({ journal, store, fetch, clock })

  const useDatabases = async (next: Configuration, kept: readonly LoadedPool[] = []): Promise<void> => {
    await hooks.replace(bindingsOf(next))
    await forward.configure([...poolsOf(next).values(), ...kept].map(poolConfig), forwardLimits(next.gateway))
  }
  logWarnings(configuration, log)
  await useDatabases(configuration)
  const hold = await holdUntilClockIsSet({ clock, forward, forMs: settings['clock.wait_for_sync'], log })
  rooms.add('clock hold', () => hold.cancel())
  const access = new AccessControl(configuration.access)
  await endOfTheDead({ journal, store, hooks, access, log })
  const broker = await startBroker({
    node,
    listeners: listeners(settings),
    limits: brokerLimits(settings, log),
    hooks,
    access,
    journal: {
      get lastSeq() {
        return journal.lastSeq
      },
      event: (seq) => journal.event(seq),
      events: (after, limit) => journal.events(after, limit),
      retained: (topic) => store.retained.newest(topic),
    },
    store: store.sessions,
    log,
    now: clock.now,
  })
  rooms.add('broker', () => broker.close())
  const maxAgeMs = (): number => running.gateway['mqtt.max_offline_age']
  const floor = keepSessionFloor({ journal, broker, clock, maxAgeMs, log })
  rooms.add('session floor', () => clearInterval(floor))

  const onConfigure: Gateway['onConfigure'] = new Set()
  const config = new ConfigTransaction({
    etc,
    store: new ConfigStore(options.dataDir),
    ...{ forward, journal, clock, log, running, recovered },
    async apply(next, kept, anyway) {
      const { gateway: settings } = next
      const refused = (err: Error): void => {
        if (!anyway) throw err
        log.error({ err }, 'config_counts_from_the_next_start')
      }
      await broker.configure({ listeners: listeners(settings), limits: brokerLimits(settings, log) }).catch(refused)
      for (const configure of onConfigure) await configure(settings).catch(refused)
      journal.configure(journalLimits(settings))
      store.retained.limits = retainedLimits(settings)
      access.replace(next.access)
      broker.review()
      await useDatabases(next, kept)
      if (settings['log.level'] !== running.gateway['log.level']) log.level = settings['log.level']
      logRing.maxBytes = settings['log.buffer']
      figures.every(settings['sys.interval'])
      logWarnings(next, log)
      running = next
    },
  })
  rooms.add('config', () => config.close())
  const useAccess = (rules: AccessRules): number => {
    access.replace(rules)
    config.accessIs(rules)
    return broker.review()
  }
  if (config.draining.length > 0) await useDatabases(configuration, config.draining)

  const backups = new Backups({ ...options, node, clock, config, log })
  backups.clean()
  const operators = new Operators(options.etcDir, log)
  const logins = new Logins(
    () => ({ idleMs: running.gateway['web.session_idle'], longestMs: running.gateway['web.session_max'] }),
    (operator) => operators.holds(operator),
  )
  rooms.add('logins', () => logins.close())
  const gateway: Gateway = {
    node,
    dataDir: options.dataDir,
    startedAt,
    clock,
    journal,
    store,
    fetch,
    forward,
    broker,
    access,
    operators,
    logins,
    tokens: new Tokens(options.etcDir),
    get settings() {
      return running.gateway
    },
    onConfigure,
    restart: options.restart,
    log,
    logRing,
    config,
    backups,
    plugins: new Plugins(config),
    trend: new Trend(),
    get commands() {
      return commandsOf(gateway)
    },
    poolId: (name) => findPool(forward, name),
    users: new DeviceUsers({ access, log, file: () => running.gateway['auth.file'], use: useAccess }),
    reloadAccess: () => reloadAccess({ etcDir: options.etcDir, broker, log, use: useAccess }),
    async close(faces = []) {
      for (const face of faces) rooms.add('face', () => face.close(), { canBeLeft: true })
      const deadlineMs = running.gateway['stop.deadline']
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

function poolConfig({ id, kind, name, settings }: LoadedPool): PoolConfig {
  return { id, kind, name, settings: revealSecrets(settings) }
}

async function wildcardReads(): Promise<ReadonlySet<BackendKind>> {
  const backends = await Promise.all(Object.values(BACKENDS).map((load) => load()))
  return new Set(backends.filter(({ capabilities }) => capabilities.wildcardRead).map(({ kind }) => kind))
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
