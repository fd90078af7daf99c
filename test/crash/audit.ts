// Compares the ledger with what a table holds, or a subscriber received. What is promised, in this order:
//
//   lost       what was acknowledged is stored
//   twice      a message whose PUBLISH was sent once is stored once; one that was sent n times, at most n times: a QoS 1
//              PUBLISH repeated after a reconnect is a new message to the gateway [MQTT-4.3.2-1]; one of QoS 2 is not
//   resent     an event (msgid) is stored once, whatever the forwarding went through
//   foreign    nothing is stored that nobody sent, and every payload is whole
//   disorder   first appearances of each publisher's messages are in the order of sending

import type { Ledger } from './ledger.ts'

/** A row of the table; rows are in the order of the table's own id. */
export interface Row {
  readonly msgid: string
  readonly payload: string
}

export interface AuditRules {
  /**
   * May an event be stored twice? Only for custom statements without a unique key, where the remote can't keep the
   * mark. Default: no.
   */
  readonly resent?: boolean
  /** The rows are what a subscriber of this QoS received: with QoS 1 a message may come any number of times. */
  readonly received?: 1 | 2
  /** One gateway wrote the rows, so that the order of ids is the order of rows. Default: yes. */
  readonly oneGateway?: boolean
  /** Rows are in an order. Default: yes. */
  readonly order?: boolean
}

/** @returns what is wrong, a line each; empty when every promise was kept. */
export function audit(ledger: Ledger, rows: readonly Row[], rules: AuditRules = {}): string[] {
  const { received, resent = false, oneGateway = true, order = true } = rules
  const faults: string[] = []
  const events = new Map<string, string>()
  const stored = new Map<string, number>()
  const newest = new Map<string, number>()
  let lastEvent = ''
  for (const { msgid, payload } of rows) {
    const sent = ledger.get(payload)
    if (!sent) {
      faults.push(`foreign: ${msgid} holds ${JSON.stringify(payload.slice(0, 60))}, which nobody sent`)
      continue
    }
    const name = `${sent.publisher}:${sent.n}`
    if (events.has(msgid)) {
      if (!resent) faults.push(`resent: event ${msgid} (${name}) is stored again`)
      if (events.get(msgid) !== payload) faults.push(`resent: event ${msgid} is stored with two payloads`)
      continue
    }
    events.set(msgid, payload)
    if (oneGateway && msgid <= lastEvent) faults.push(`disorder: event ${msgid} (${name}) is stored after ${lastEvent}`)
    lastEvent = msgid
    const times = (stored.get(payload) ?? 0) + 1
    stored.set(payload, times)
    const mayComeAgain = received !== undefined && Math.min(received, sent.qos) === 1
    if (!mayComeAgain && times > (sent.qos === 1 ? sent.times : 1)) {
      faults.push(`twice: ${name} was sent ${sent.times} ×, stored ${times} ×`)
    }
    if (times > 1) continue
    const before = newest.get(sent.publisher) ?? -1
    if (order && sent.n < before) faults.push(`disorder: ${name} first appears after ${sent.publisher}:${before}`)
    newest.set(sent.publisher, Math.max(before, sent.n))
  }
  for (const [payload, { publisher, n, acknowledged }] of ledger) {
    if (acknowledged && !stored.has(payload)) faults.push(`lost: ${publisher}:${n} was acknowledged and is not stored`)
  }
  return faults
}
