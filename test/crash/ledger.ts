// The ledger: what publishers sent and what was acknowledged to them, written outside the gateway's process, a line each.
//
//   S <publisher> <n> <qos>   PUBLISH number n is about to be sent for the first time
//   R <publisher> <n>   it is about to be sent again (DUP), after a reconnect that found it unacknowledged
//   A <publisher> <n>   PUBACK, or PUBREC: from here on the gateway answers for the message
//   C <publisher> <n>   PUBCOMP (QoS 2)
//
// A line is written before its packet goes out and after its packet came in, so the ledger never knows less than the gateway.

import { readFileSync } from 'node:fs'

export type Kind = 'S' | 'R' | 'A' | 'C'

export interface Sent {
  readonly publisher: string
  readonly n: number
  readonly qos: 1 | 2
  /** Times that its PUBLISH was sent. */
  times: number
  acknowledged: boolean
  completed: boolean
}

/** By payload. */
export type Ledger = ReadonlyMap<string, Sent>

/** The payload tells the message and, by its length, whether it came through whole. */
export function payloadOf(publisher: string, n: number): string {
  return `${publisher}:${n}:${'x'.repeat((n * 37) % 160)}`
}

export const line = (kind: Kind, publisher: string, n: number, qos: 1 | 2): string =>
  `${kind} ${publisher} ${n}${kind === 'S' ? ` ${qos}` : ''}\n`

/** Reads ledger files; publishers' names must differ. */
export function readLedger(...files: readonly string[]): Ledger {
  const ledger = new Map<string, Sent>()
  for (const entry of files.flatMap((file) => readFileSync(file, 'utf8').split('\n'))) {
    if (entry === '') continue
    const [kind, publisher, number, qos] = entry.split(' ') as [Kind, string, string, string | undefined]
    const payload = payloadOf(publisher, Number(number))
    const sent = ledger.get(payload) ?? {
      publisher,
      n: Number(number),
      qos: qos === '2' ? 2 : 1,
      times: 0,
      acknowledged: false,
      completed: false,
    }
    ledger.set(payload, sent)
    if (kind === 'S' || kind === 'R') sent.times++
    else if (kind === 'A') sent.acknowledged = true
    else sent.completed = true
  }
  return ledger
}
