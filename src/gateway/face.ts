// What lets people and programs at the commands of a running gateway: the page, the console. The control socket is one, too.

import type { Gateway } from './gateway.ts'

/** Opens a face, where the configuration has it. */
export type Face = (gateway: Gateway) => Promise<OpenFace | undefined>

export interface OpenFace {
  /** For who has started the gateway by hand: `page      http://127.0.0.1:8080`. Absent: it is off for now. */
  readonly line: string | undefined
  close(): Promise<void>
}
