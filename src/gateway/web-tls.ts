// TLS of the page, by `web.tls`: none, a certificate of the gateway's own, or files of the operator's.

import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Server } from 'node:tls'
import { Certificates, readCertificates, type TlsContext, type TlsOptions } from '../broker/certificates.ts'
import type { Faults } from '../config/fault.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Gateway } from './gateway.ts'
import type { GatewaySettings } from './settings.ts'

export interface WebTls {
  readonly context: TlsContext
  /** Someone known vouches for it, so that browsers may be told to insist on it. */
  readonly vouched: boolean
  /** The certificate's SHA-256, to be compared with what a browser shows. */
  readonly fingerprint: string
  /** Takes new certificates up from now on, for connections that begin then. @returns what ends that */
  watch(server: Pick<Server, 'setSecureContext'>): () => void
}

const RENEW_EVERY_MS = 12 * 3_600_000

/** @returns undefined where the page is served without. @throws HoldfastError LISTENER_TLS, READ_ONLY */
export async function webTls(gateway: Gateway, settings: GatewaySettings): Promise<WebTls | undefined> {
  const { log, clock } = gateway
  const kind = settings['web.tls']
  const address = settings['web.listen']
  if (address === 'off' || kind === 'off' || (kind === 'auto' && isLoopback(address.host))) return undefined
  const own = kind !== 'files'
  const { ownCertificate } = await import('./own-certificate.ts')
  const renew = () => ownCertificate(gateway.dataDir, clock.now(), clock.trusted())
  const files = own ? await renew() : { certfile: settings['web.certfile'], keyfile: settings['web.keyfile'] }
  const options: TlsOptions = { key: 'web', ...files }
  const context = readCertificates(options)
  return {
    context,
    vouched: !own,
    fingerprint: new X509Certificate(context.cert).fingerprint256,
    watch(server) {
      const certificates = new Certificates(options, context, { server, log })
      const failed = (error: unknown): void => {
        if (!(error instanceof HoldfastError)) throw error
        log.error({ why: error.message }, 'web_certificate_failed')
      }
      const renewing = own ? setInterval(() => void renew().catch(failed), RENEW_EVERY_MS).unref() : undefined
      return () => {
        clearInterval(renewing)
        certificates.close()
      }
    },
  }
}

/** What its keys say together. */
export function checkWebTls({ etcDir, gateway }: { etcDir: string; gateway: GatewaySettings }, faults: Faults): void {
  const conf = { file: join(etcDir, 'holdfast.conf'), line: 1, column: 1 }
  const missing = gateway['web.certfile'] === undefined || gateway['web.keyfile'] === undefined
  if (gateway['web.tls'] === 'files' && missing) {
    faults.error(conf, 'web.tls = files needs a certificate and its key', 'set web.certfile and web.keyfile')
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
