// Certificates of the listeners, looked at before anything listens: `holdfast check` finds what the start would.

import { readCertificates } from '../broker/certificates.ts'
import type { Faults } from '../config/fault.ts'
import { HoldfastError } from '../model/errors.ts'
import { placesOf } from './access.ts'
import { listeners } from './limits.ts'
import type { GatewaySettings } from './settings.ts'

export function checkListeners(
  { etcDir, gateway }: { etcDir: string; gateway: GatewaySettings },
  faults: Faults,
): void {
  const place = placesOf(etcDir)
  for (const listener of listeners(gateway)) {
    if (!listener.certfile || !listener.keyfile) continue // it has none, or that is a fault already
    const key = `listener.${listener.kind}.${listener.name}`
    const at = place(`${key}.certfile`)
    try {
      const { validTo } = readCertificates({ ...listener, key })
      if (validTo < Date.now()) faults.warning(at, `the certificate has expired on ${new Date(validTo).toISOString()}`)
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
      faults.error(at, error.message, error.hint)
    }
  }
}
