// A certificate that the gateway makes for itself, in the data folder: nobody vouches for it, a browser warns once, and its
// fingerprint is in the log to compare. It is made anew before it ends, and when its files are not what they should be.

import { X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { generate } from 'selfsigned'
import { HoldfastError } from '../model/errors.ts'
import { replaceFile } from '../system/disk.ts'

export interface CertificateFiles {
  readonly certfile: string
  readonly keyfile: string
}

const DAY_MS = 86_400_000
/** Apple's systems take no certificate for longer than 825 days. */
const VALID_MS = 820 * DAY_MS
const RENEWED_BEFORE_MS = 30 * DAY_MS
/** A board without a battery clock begins in some past: nothing is made for then. */
const EARLIEST = Date.UTC(2026, 0)

/**
 * The files, made where they are not there or are at fault.
 * @param now wall time, ms. @param trusted may it be believed? Else a certificate is good enough whatever the time
 * @throws HoldfastError READ_ONLY
 */
export async function ownCertificate(dataDir: string, now: number, trusted: boolean): Promise<CertificateFiles> {
  const folder = join(dataDir, 'tls')
  const files = { certfile: join(folder, 'cert.pem'), keyfile: join(folder, 'key.pem') }
  if (isGood(files, now, trusted)) return files
  const { cert, private: key } = await make(Math.max(now, EARLIEST))
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    replaceFile(files.keyfile, key, 0o600)
    replaceFile(files.certfile, cert)
  } catch (cause) {
    throw new HoldfastError('READ_ONLY', `the certificate can't be kept in ${folder}: ${(cause as Error).message}`, {
      cause,
    })
  }
  return files
}

function isGood({ certfile, keyfile }: CertificateFiles, now: number, trusted: boolean): boolean {
  try {
    const [cert, key] = [readFileSync(certfile), readFileSync(keyfile)]
    createSecureContext({ cert, key }) // throws when they do not belong together
    const { validFromDate, validToDate } = new X509Certificate(cert)
    return !trusted || (+validFromDate <= now && now < +validToDate - RENEWED_BEFORE_MS)
  } catch {
    return false // not there yet, or a power cut between the two
  }
}

function make(now: number): ReturnType<typeof generate> {
  const name = hostname()
  const names = [...new Set([name, `${name.split('.')[0]}.local`, 'localhost'])]
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
  return generate([{ name: 'commonName', value: name }], {
    ...{ keyType: 'ec', curve: 'P-256', algorithm: 'sha256' },
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now - DAY_MS + VALID_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          ...addresses.map((ip) => ({ type: 7 as const, ip: ip.split('%')[0]! })),
        ],
      },
    ],
  })
}
