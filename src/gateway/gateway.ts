// The rooms, put together: the order in which they start and stop, and what the faces see of them.

import { type Broker, startBroker } from '../broker/broker.ts'
import { revealSecrets } from '../config/secret.ts'
import { Fetch } from '../fetch/fetch.ts'
import { type Forward, type PoolConfig, startForward } from '../forward/forward.ts'
import { Hooks } from '../hooks/hooks.ts'
import { createLogger, type Logger } from '../log/logger.ts'
import { BACKEND_KINDS, type PoolId } from '../model/binding.ts'
import { HoldfastError } from '../model/errors.ts'
import { type Journal, openJournal } from '../queue/journal.ts'
import { LOCAL_TABLES, Store } from '../store/store.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import { type Commands, commandsOf } from './commands.ts'
import { DeadLetterCommands } from './dead-letters.ts'
import { brokerLimits, forwardLimits, journalLimits } from './limits.ts'
import { type Configuration, loadConfiguration } from './load.ts'
import { Plugins } from './plugins.ts'

export { ConfigFaults } from './load.ts'

export interface GatewayOptions {
  readonly etcDir: string
  readonly dataDir: string
  /** Log text for eyes instead of JSON. */
  readonly pretty: boolean
}

export interface Gateway {
  readonly node: string
  /** performance.now() at the start. */
  readonly startedAt: number
  readonly clock: Clock
  readonly journal: Journal
  readonly forward: Forward
  readonly broker: Broker
  readonly plugins: Plugins
  readonly deadLetters: DeadLetterCommands
  readonly commands: Commands
  /** @param name `pool1`, or `pgsql.pool1` where several kinds have one. @throws HoldfastError NO_SUCH_POOL */
  poolId(name: string): PoolId
  /** Drains what the broker holds, then the lanes' writes in flight, then the journal. */
  close(): Promise<void>
}

/**
 * Starts everything; the listeners open last.
 * @throws ConfigFaults, HoldfastError (LOCKED: another gateway has the data folder; READ_ONLY; EADDRINUSE; …)
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const startedAt = performance.now()
  const configuration = loadConfiguration(options.etcDir)
  const settings = configuration.gateway
  const node = settings['node.name']
  const log = createLogger({ level: settings['log.level'], pretty: options.pretty })
  const clock = systemClock()

  const journal = await openJournal({
    ...journalLimits(settings),
    dataDir: options.dataDir,
    tables: LOCAL_TABLES,
    clock,
    log: log.child({ room: 'queue' }),
  })
  const store = new Store(journal)
  const forward = startForward({
    port: journal.lanePort(),
    dataDir: options.dataDir,
    node,
    limits: forwardLimits(settings),
    log: log.child({ room: 'forward' }),
  })
  const fetch = new Fetch({ journal, store, pools: forward, deadlineMs: settings['recall.deadline'], log })
  const hooks = new Hooks({ journal, store, fetch, log })

  const use = async ({ plugins }: Configuration): Promise<void> => {
    const loaded = plugins.filter((plugin) => plugin.loaded)
    await hooks.replace(loaded.flatMap(({ bindings }) => bindings))
    await forward.configure(loaded.flatMap(({ pools }) => pools).map(poolConfig))
  }
  await use(configuration)
  await sayGoodbyeForTheDead(journal, hooks)
  const broker = await startBroker({ ...brokerOptions(configuration), hooks, clock, log })

  const gateway: Gateway = {
    node,
    startedAt,
    clock,
    journal,
    forward,
    broker,
    plugins: new Plugins(configuration, use),
    deadLetters: new DeadLetterCommands(journal.deadLetters),
    get commands() {
      return commandsOf(gateway)
    },
    poolId: (name) => findPool(forward, name),
    async close() {
      await broker.close()
      await forward.close()
      await journal.close()
    },
  }
  return gateway
}
