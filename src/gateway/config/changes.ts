// What a commit changes, and when it counts: told before, in sentences, and asked of by the faces.

import { isDeepStrictEqual } from 'node:util'
import type { ListenerOptions } from '../../broker/broker.ts'
import type { LoadedPool } from '../../config/load.ts'
import { revealSecrets } from '../../config/secret.ts'
import type { Binding, PoolId } from '../../model/binding.ts'
import { listeners } from '../limits.ts'
import type { Configuration } from '../load.ts'
import { GATEWAY_SETTINGS } from '../settings.ts'
import { declared } from './keys.ts'

export interface Changes {
  /** What happens, each a sentence. */
  readonly sentences: readonly string[]
  /** Keys that count from the next start on. */
  readonly atStart: readonly string[]
  /** Pools that are gone. */
  readonly removed: readonly LoadedPool[]
  /** Pools that are connected anew. */
  readonly connected: readonly PoolId[]
}

/** What opens anew when a key changes that begins so. */
const FACES = [
  ['web.', 'The page opens anew; logins go on.'],
  ['serial.', 'The console on the serial line opens anew.'],
] as const

export function changesBetween(running: Configuration, next: Configuration): Changes {
  const keys = changedKeys(running, next)
  const atStart = keys.filter((key) => declared(key)?.atStart)
  const pools = poolChanges(poolsOf(running), poolsOf(next))
  const sentences = [
    ...keys.filter((key) => !atStart.includes(key)).map((key) => `${key} changes.`),
    ...FACES.flatMap(([prefix, sentence]) => (keys.some((key) => key.startsWith(prefix)) ? [sentence] : [])),
    ...listenerChanges(running, next),
    ...(isDeepStrictEqual(running.access, next.access) ? [] : ['Access rules change.']),
    ...pools.sentences,
    ...hookChanges(bindingsOf(running), bindingsOf(next)),
    ...atStart.map((key) => `${key} counts from the next start on.`),
  ]
  return { ...pools, sentences, atStart }
}

type Pools = ReadonlyMap<PoolId, LoadedPool>

function poolChanges(before: Pools, after: Pools): Pick<Changes, 'sentences' | 'removed' | 'connected'> {
  const removed = [...before.values()].filter(({ id }) => !after.has(id))
  const added = [...after.keys()].filter((id) => !before.has(id))
  const changed = [...after].filter(([id, pool]) => before.has(id) && !same(before.get(id), pool)).map(([id]) => id)
  const sentences = [
    ...added.map((id) => `Pool ${id} is new.`),
    ...changed.map((id) => `Pool ${id} is connected anew; what waits for it goes to where it leads then.`),
    ...removed.map(({ id }) => `Pool ${id} is gone.`),
  ]
  return { sentences, removed, connected: [...added, ...changed] }
}

/** Those of listeners are told apart. */
function changedKeys(running: Configuration, next: Configuration): string[] {
  const keys = Object.keys(GATEWAY_SETTINGS).filter((key) => !key.endsWith('*')) as (keyof typeof GATEWAY_SETTINGS)[]
  return keys.filter((key) => !isDeepStrictEqual(running.gateway[key], next.gateway[key]))
}

function listenerChanges(running: Configuration, next: Configuration): string[] {
  const [before, after] = [listenersOf(running), listenersOf(next)]
  const [names, known] = [[...after.keys()], [...before.keys()]]
  const changed = names.filter((name) => before.has(name) && !isDeepStrictEqual(before.get(name), after.get(name)))
  return [
    ...names.filter((name) => !before.has(name)).map((name) => `Listener ${name} opens.`),
    ...changed.map((name) => {
      const most = (of: typeof before): unknown => ({ ...of.get(name), maxConnections: 0 })
      if (isDeepStrictEqual(most(before), most(after))) return `Listener ${name} has other max_connections.`
      return `Listener ${name} opens anew: its clients are disconnected and may connect again.`
    }),
    ...known
      .filter((name) => !after.has(name))
      .map((name) => `Listener ${name} closes: its clients are disconnected, their sessions stay.`),
  ]
}

const listenersOf = ({ gateway }: Configuration): ReadonlyMap<string, ListenerOptions> =>
  new Map(listeners(gateway).map((one) => [`${one.kind}:${one.name}`, one]))

function hookChanges(before: readonly Binding[], after: readonly Binding[]): string[] {
  if (isDeepStrictEqual(before, after)) return []
  return [`Hooks: ${after.length} in place of ${before.length}.`]
}

/** Of the plugins that are loaded. */
export function poolsOf({ plugins }: Configuration): Pools {
  return new Map(plugins.filter(({ loaded }) => loaded).flatMap(({ pools }) => pools.map((pool) => [pool.id, pool])))
}

export function bindingsOf({ plugins }: Configuration): readonly Binding[] {
  return plugins.filter(({ loaded }) => loaded).flatMap(({ bindings }) => bindings)
}

const same = (one: LoadedPool | undefined, other: LoadedPool): boolean =>
  isDeepStrictEqual(revealSecrets(one), revealSecrets(other))
