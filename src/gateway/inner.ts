// The rooms that a message goes through, started in this order: journal, local truth, forwarder, fetch, hooks, access, broker. The
// listeners open last.

import { join } from 'node:path'
import { AccessControl } from '../access/access.ts'
import { BACKENDS } from '../backends/index.ts'
import { type Broker, startBroker } from '../broker/broker.ts'
import type { LoadedPool } from '../config/load.ts'
import { revealSecrets } from '../config/secret.ts'
import { Fetch } from '../fetch/fetch.ts'
import { type Forward, type PoolConfig, startForward } from '../forward/forward.ts'
import { Hooks } from '../hooks/hooks.ts'
import type { Logger } from '../log/logger.ts'
import type { BackendKind } from '../model/binding.ts'
import { type Journal, openJournal } from '../queue/journal.ts'
import { JOURNAL_FILE } from '../queue/startup.ts'
import { LOCAL_TABLES, Store } from '../store/store.ts'
import type { Clock } from '../system/clock.ts'
import { holdUntilClockIsSet } from './clock-hold.ts'
import { bindingsOf, poolsOf } from './config/changes.ts'
import { endOfTheDead } from './end-of-the-dead.ts'
import { brokerLimits, forwardLimits, journalLimits, listeners, retainedLimits } from './limits.ts'
import type { Configuration } from './load.ts'
import type { Rooms } from './rooms.ts'
import { keepSessionFloor } from './session-floor.ts'
import type { GatewaySettings } from './settings.ts'

export interface InnerOptions {
  readonly dataDir: string
  readonly node: string
  readonly clock: Clock
  readonly log: Logger
  /** Each is added as soon as it has to be closed. */
  readonly rooms: Rooms
  /** What is in force at any time. */
  readonly running: { readonly configuration: Configuration }
}

export interface Inner {
  readonly journal: Journal
  readonly store: Store
  readonly forward: Forward
  readonly fetch: Fetch
  readonly access: AccessControl
  readonly broker: Broker
  /** Rejects with HoldfastError when an address is refused; the former listeners go on then. */
  listen(settings: GatewaySettings): Promise<void>
  /** Everything but the listeners. @param kept pools that stay connected although they are not in the configuration */
  use(next: Configuration, kept: readonly LoadedPool[]): Promise<void>
  /** Of that, hooks and pools. */
  useDatabases(next: Configuration, kept: readonly LoadedPool[]): Promise<void>
}

/** @throws HoldfastError (LOCKED, READ_ONLY, LISTENER_ADDRESS, …) */
export async function startInner({ dataDir, node, clock, log, rooms, running }: InnerOptions): Promise<Inner> {
  const { configuration } = running
  const settings = configuration.gateway
  const journal = await openJournal({
    ...journalLimits(settings),
    ...{ dataDir, clock, log },
    tables: LOCAL_TABLES,
    floors: ['sessions'],
  })
  rooms.add('journal', () => journal.close())
  const store = new Store(journal, { retained: retainedLimits(settings) })
  const forward = startForward({ file: join(dataDir, JOURNAL_FILE), port: journal.lanePort(), dataDir, node, log })
  rooms.add('forward', () => forward.close(), { canBeLeft: true })
  forward.onTwin((pool) => void journal.takeNewIdentity(`the mark of ${pool} is moved by another gateway, too`))
  const fetch = new Fetch({
    ...{ journal, store, clock, log },
    pools: forward,
    wildcardReads: await wildcardReads(),
    get deadlineMs() {
      return running.configuration.gateway['recall.deadline']
    },
  })
  rooms.add('fetch', () => fetch.close())
  const hooks = new Hooks({ journal, store, fetch, clock })
  const useDatabases: Inner['useDatabases'] = async (next, kept) => {
    await hooks.replace(bindingsOf(next))
    await forward.configure([...poolsOf(next).values(), ...kept].map(poolConfig), forwardLimits(next.gateway))
  }
  await useDatabases(configuration, [])
  const hold = await holdUntilClockIsSet({ clock, forward, forMs: settings['clock.wait_for_sync'], log })
  rooms.add('clock hold', () => hold.cancel())
  const access = new AccessControl(configuration.access)
  await endOfTheDead({ journal, store, hooks, access, log })
  const broker = await startBroker({
    ...{ node, hooks, access, log, now: clock.now },
    listeners: listeners(settings),
    limits: brokerLimits(settings, log),
    journal: {
      get lastSeq() {
        return journal.lastSeq
      },
      event: (seq) => journal.event(seq),
      events: (after, limit) => journal.events(after, limit),
      retained: (topic) => store.retained.newest(topic),
    },
    store: store.sessions,
  })
  rooms.add('broker', () => broker.close())
  const maxAgeMs = (): number => running.configuration.gateway['mqtt.max_offline_age']
  const floor = keepSessionFloor({ journal, broker, clock, maxAgeMs, log })
  rooms.add('session floor', () => clearInterval(floor))
  return {
    ...{ journal, store, forward, fetch, access, broker, useDatabases },
    listen: (next) => broker.configure({ listeners: listeners(next), limits: brokerLimits(next, log) }),
    async use(next, kept) {
      journal.configure(journalLimits(next.gateway))
      store.retained.limits = retainedLimits(next.gateway)
      access.replace(next.access)
      broker.review()
      await useDatabases(next, kept)
    },
  }
}

function poolConfig({ id, kind, name, settings }: LoadedPool): PoolConfig {
  return { id, kind, name, settings: revealSecrets(settings) }
}

async function wildcardReads(): Promise<ReadonlySet<BackendKind>> {
  const backends = await Promise.all(Object.values(BACKENDS).map((load) => load()))
  return new Set(backends.filter(({ capabilities }) => capabilities.wildcardRead).map(({ kind }) => kind))
}
