// The certificate of a TLS listener: read from its files, checked, and read again when they change. What is wrong with new
// ones is said, and the old ones stay in use.

import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureVersion, type TLSSocket, type Server as TlsServer } from 'node:tls'
import type { Logger } from '../log/logger.ts'
import { HoldfastError } from '../model/errors.ts'
import { certificatesIn, isSignedBy } from './signed-by.ts'

/** Files and rules of a listener with TLS. */
export interface TlsOptions {
  /** As in the conf, for messages: `listener.ssl.default`. */
  readonly key: string
  readonly certfile?: string | undefined
  readonly keyfile?: string | undefined
  readonly keyPassword?: string | undefined
  readonly cafile?: string | undefined
  /** Ask for a client certificate, and refuse a client that has none signed by `cafile`. */
  readonly verify?: boolean | undefined
  readonly minVersion?: SecureVersion | undefined
  /** OpenSSL's list; absent: `CIPHERS`. */
  readonly ciphers?: string | undefined
}

/** Mozilla's "intermediate" list (version 5.7), without the finite-field suites: forward secrecy and authenticated encryption only. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** How often the files are looked at. They are read when they have changed, and not since the last look: certificate and key
 * are replaced one after the other. */
const LOOK_MS = 3000

/** What a TLS server takes. */
export type TlsContext = ReturnType<typeof readCertificates>

/** @throws HoldfastError LISTENER_TLS: a file is missing, or not what it should be, or they do not belong together */
export function readCertificates(options: TlsOptions) {
  const { key, certfile, keyfile, cafile, verify = false } = options
  if (!certfile || !keyfile) {
    throw new HoldfastError('LISTENER_TLS', `${key} needs a certificate and its key`, {
      hint: `set ${key}.certfile and .keyfile`,
    })
  }
  if (verify && !cafile) {
    throw new HoldfastError('LISTENER_TLS', `${key} asks for clients' certificates, and nothing says who signs them`, {
      hint: `set ${key}.cafile`,
    })
  }
  const state = stateOf(options)
  try {
    const context = {
      cert: readFileSync(certfile),
      key: readFileSync(keyfile),
      ...(options.keyPassword !== undefined && { passphrase: options.keyPassword }),
      ...(cafile && { ca: readFileSync(cafile) }),
      requestCert: verify,
      rejectUnauthorized: verify,
      minVersion: options.minVersion ?? ('TLSv1.2' as const),
      ciphers: options.ciphers ?? CIPHERS,
      honorCipherOrder: true,
    }
    createSecureContext(context) // throws for what OpenSSL does not take, a key of another certificate included
    return { ...context, state, validTo: Date.parse(new X509Certificate(context.cert).validTo) }
  } catch (cause) {
    throw new HoldfastError('LISTENER_TLS', `${key}: ${(cause as Error).message}`, {
      hint: 'certfile, keyfile and cafile are PEM, and the key is the one of the certificate',
      cause,
    })
  }
}

export class Certificates {
  readonly #options: TlsOptions
  readonly #server: Pick<TlsServer, 'setSecureContext'>
  readonly #log: Logger
  readonly #reloaded: () => void
  #context: TlsContext
  /** Why the files that are there now are not in use. */
  fault: string | undefined
  #trusted: { readonly of: Buffer; readonly all: readonly X509Certificate[] } | undefined
  readonly #looking: NodeJS.Timeout
  /** State of the files when they were read last, or tried to be. */
  #read: string
  #seen = ''

  /** Watches the files from now on, until `close`. @param context what the server was made with; reloaded: when they were */
  constructor(
    options: TlsOptions,
    context: TlsContext,
    {
      server,
      log,
      reloaded = () => {},
    }: { server: Pick<TlsServer, 'setSecureContext'>; log: Logger; reloaded?(): void },
  ) {
    this.#reloaded = reloaded
    this.#options = options
    this.#server = server
    this.#log = log
    this.#context = context
    this.#read = context.state
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref()
    this.#warnOfEnd()
  }

  /** End of the certificate's validity, wall time in ms. */
  get validTo(): number {
    return this.#context.validTo
  }

  /** Who signs clients' certificates; another one when it is: undefined where nobody is asked for his. */
  get signers(): Buffer | undefined {
    return this.#context.requestCert ? this.#context.ca : undefined
  }

  /** Would a handshake take its certificate now? @param at `signers` when one did */
  takes(client: Pick<TLSSocket, 'getPeerX509Certificate'>, at: Buffer | undefined): boolean {
    const { signers } = this
    if (signers === undefined || signers === at) return true
    this.#trusted = this.#trusted?.of === signers ? this.#trusted : { of: signers, all: certificatesIn(signers) }
    const certificate = client.getPeerX509Certificate()
    return certificate !== undefined && isSignedBy(this.#trusted.all, certificate)
  }

  /** Reads the files; connections that begin from now on get what they hold. `fault` says why they are not taken. */
  reload(): void {
    this.#read = stateOf(this.#options)
    try {
      const fresh = readCertificates(this.#options)
      this.fault = undefined
      if (sameFiles(fresh, this.#context)) return
      this.#server.setSecureContext(fresh)
      const { ca } = this.#context
      this.#context = ca && fresh.ca?.equals(ca) ? { ...fresh, ca } : fresh
      this.#log.info({ listener: this.#options.key, validTo: new Date(fresh.validTo) }, 'certificate_reloaded')
      this.#warnOfEnd()
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
      this.fault = error.message
      this.#log.error({ listener: this.#options.key, why: error.message, hint: error.hint }, 'certificate_not_reloaded')
    }
  }

  close(): void {
    clearInterval(this.#looking)
  }

  #look(): void {
    const state = stateOf(this.#options)
    if (state !== this.#read && state === this.#seen) {
      this.reload()
      this.#reloaded()
    }
    this.#seen = state
  }

  #warnOfEnd(): void {
    if (this.validTo < Date.now()) {
      this.#log.warn({ listener: this.#options.key, validTo: new Date(this.validTo) }, 'certificate_expired')
    }
  }
}

/** Changes when one of the files does, or another takes its place. */
function stateOf({ certfile, keyfile, cafile }: TlsOptions): string {
  const states = [certfile, keyfile, cafile].map((file) => file && statSync(file, { throwIfNoEntry: false }))
  return states.map((state) => state && `${state.ino} ${state.size} ${state.mtimeMs}`).join('; ')
}

function sameFiles(a: TlsContext, b: TlsContext): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key) && (a.ca === b.ca || (a.ca?.equals(b.ca!) ?? false))
}
