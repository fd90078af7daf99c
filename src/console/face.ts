// The gateway's own console, on serial.port.

import type { Face } from '../gateway/face.ts'
import { hostOf } from './host.ts'
import { serveSerial } from './serial.ts'

export const serialConsole: Face = async (gateway) => {
  const { settings, log } = gateway
  const { 'serial.port': port, 'serial.baud': baud } = settings
  if (port === 'off') return undefined
  const stop = new AbortController()
  const served = serveSerial({ host: hostOf(gateway), port, baud, log }, stop.signal)
  return {
    line: `console   ${port}, ${baud} baud`,
    async close() {
      stop.abort()
      await served
    },
  }
}
