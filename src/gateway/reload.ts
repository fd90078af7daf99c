// `ctl reload`: users, access rules and certificates, taken up while clients are connected.

import type { AccessRules } from '../access/access.ts'
import type { Broker } from '../broker/broker.ts'
import type { Logger } from '../log/logger.ts'
import { ConfigFaults, loadAccess } from './load.ts'

/** What a reload has done. */
export interface Reloaded {
  readonly users: number
  readonly aclLines: number
  /** Clients that would not be let in any more. */
  readonly disconnected: number
  /** Why certificates that are there now are not in use: a text for each listener concerned. */
  readonly certificateFaults: readonly string[]
}

export interface ReloadOptions {
  readonly etcDir: string
  readonly broker: Broker
  readonly log: Logger
  /** From now on these rules count. @returns clients that were disconnected by that */
  use(rules: AccessRules): number
}

/**
 * Reads users and rules again, and the keys about them; who is still let in stays connected.
 * @throws HoldfastError CONFIG with every fault: the rules that run go on
 */
export function reloadAccess({ etcDir, broker, log, use }: ReloadOptions): Reloaded {
  try {
    const rules = loadAccess(etcDir)
    broker.reloadCertificates()
    const reloaded = {
      users: rules.users.size,
      aclLines: rules.acl?.length ?? 0,
      disconnected: use(rules),
      certificateFaults: broker.listeners.flatMap(({ certificates }) => certificates?.fault ?? []),
    }
    log.info(reloaded, 'access_reloaded')
    return reloaded
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error
    log.error({ faults: error.text }, 'access_not_reloaded')
    throw error.whileRunning()
  }
}
