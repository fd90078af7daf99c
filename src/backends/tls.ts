// The TLS keys of a pool in Node's words.

import { readFileSync } from 'node:fs'

export interface TlsSettings {
  readonly cafile: string | undefined
  readonly certfile: string | undefined
  readonly keyfile: string | undefined
  readonly verify: boolean
}

/** Reads the files. */
export function tlsOptions({ cafile, certfile, keyfile, verify }: TlsSettings) {
  return {
    rejectUnauthorized: verify,
    ...(cafile ? { ca: readFileSync(cafile) } : {}),
    ...(certfile ? { cert: readFileSync(certfile) } : {}),
    ...(keyfile ? { key: readFileSync(keyfile) } : {}),
  }
}
