// What the suite knows of a kind of database: a real server of its own, the plugin's conf, and what its README promises. The
// scenes know no more of it than this.

import type { BackendKind } from '../../src/model/binding.ts'
import type { Row } from './audit.ts'
import type { PublishersOptions } from './publishers.ts'

/** As the helpers of all kinds start one: it keeps its data in its folder, over `kill9` and over `end`. */
export interface Server extends Address {
  readonly folder: string
  start(): Promise<void>
  /** In order; the folder is at rest then. */
  end(): Promise<void>
  kill9(): Promise<void>
  /** Hangs: connections stay open and nothing answers. */
  pause(): void
  resume(): void
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

/** Where a pool connects to, and as whom. */
export interface Address {
  readonly port: number
  readonly user?: string | undefined
  readonly password?: string | undefined
}

export interface Promised {
  /** May an event be stored again, where the lane can't know whether it was? Default: no. */
  readonly atLeastOnce?: boolean
  /**
   * Rows are known by their event, so that two journals that hold the same one leave one row of it. Default: no, a row of
   * a custom statement has no key of its own.
   */
  readonly byKey?: boolean
  /** Two journals that hold the same waiting events write them in turns, so that these are in no order. Default: no. */
  readonly twinsMix?: boolean
}

export interface CrashKind<S extends Server = Server, Options = object> {
  readonly kind: BackendKind
  /** Of a kind that promises less in this shape. Default: the kind */
  readonly name?: string
  /** What is said in `exactlyOnce` of the pool's status. Default: yes */
  readonly exactlyOnce?: boolean
  /** Why it can't run here, for `{ skip }`. */
  missing(): string | false
  start(options?: Options): Promise<S>
  /** The plugin's conf: `pool1`, into which `on_message_publish` and, where there are any, custom statements write. */
  conf(pool: Address): string
  /** Makes what `holdfast schema --apply` does not make: where the custom statements write. */
  makeTables?(server: S): Promise<void>
  /** What an audit looks at, and what is promised of it. */
  readonly tables: Readonly<Record<string, Promised>>
  /** In the order that the kind keeps; in that of the ids, where the written order is not to be had. */
  rows(server: S, table: string): Promise<Row[]>
  /** For a server that is slow on one core; else the publishers' own defaults. */
  readonly pace?: Pick<PublishersOptions, 'burst' | 'pauseMs'>
  /** Rounds of random kills in `npm test`: fewer where a server takes long to start. */
  readonly rounds: number
}

/**
 * The two hook lines of every kind: `on_message_publish` of what the publishers say and, where there is one, a custom
 * statement of the same messages.
 * @param custom the second line's action
 */
export function hooks(kind: BackendKind, custom?: object): string {
  const actions = [{ function: 'on_message_publish' }, ...(custom ? [custom] : [])]
  return actions
    .map((action, n) => {
      const line = JSON.stringify({ topic: 'crash/#', action, pool: 'pool1' })
      return `backend.${kind}.hook.message.publish.${n + 1} = ${line}\n`
    })
    .join('')
}

export const nameOf = ({ name, kind }: CrashKind): string => name ?? kind
