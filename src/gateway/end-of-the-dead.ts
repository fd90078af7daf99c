// Clients that were online when the gateway died: their connections ended without a DISCONNECT, so their wills are published
// [MQTT-3.1.2-8], and they get their client.disconnected, at the time of its last known life.

import type { AccessControl } from '../access/access.ts'
import type { Hooks } from '../hooks/hooks.ts'
import type { Logger } from '../log/logger.ts'
import type { Journal } from '../queue/journal.ts'
import type { Store } from '../store/store.ts'

interface Rooms {
  readonly journal: Journal
  readonly store: Store
  readonly hooks: Hooks
  readonly access: AccessControl
  readonly log: Logger
}

/** Resolves when all is on disk. */
export async function endOfTheDead(rooms: Rooms): Promise<void> {
  const { journal, store, log } = rooms
  const { onlineAtDeath, lastAliveAt } = journal
  const { wills } = store.sessions
  if (onlineAtDeath.length + wills.length === 0) return
  log.info({ clients: onlineAtDeath.length, wills: wills.length }, 'clients_were_online_at_death')
  const at = lastAliveAt === null ? {} : { at: lastAliveAt }
  publishWills(rooms, at)
  recordEnds(rooms, at)
  await new Promise<void>((resolve) => journal.after(resolve))
}

/** A will that its client may not publish any more goes unpublished. */
function publishWills({ journal, store: { sessions }, hooks, access, log }: Rooms, at: { at?: number }): void {
  for (const { properties: _, username, ...will } of sessions.wills) {
    const { clientid, topic } = will
    const done = sessions.deleteWill(clientid)
    if (!access.rightsOf(clientid, username).mayPublish(topic)) {
      log.warn({ action: 'will', topic, clientid, username }, 'client_denied')
      journal.post(done)
      continue
    }
    const recorded = (error: Error | null): void => {
      if (error) log.error({ clientid, topic, err: error }, 'will_not_recorded')
    }
    hooks.record({ hook: 'message.publish', ...will, ...at }, recorded, [done])
  }
}

function recordEnds({ journal, hooks, log }: Rooms, at: { at?: number }): void {
  const more = { reason: 'gateway' }
  for (const { clientid } of journal.onlineAtDeath) {
    hooks.record({ hook: 'client.disconnected', clientid, topic: '', more, ...at }, (error) => {
      if (error) log.error({ clientid, err: error }, 'disconnect_not_recorded')
    })
    journal.post({ statement: 'online.delete', values: [clientid] })
  }
}
