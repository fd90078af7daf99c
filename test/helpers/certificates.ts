// Certificates of our own for tests, made by OpenSSL's program.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export interface CertificateFiles {
  readonly certfile: string
  readonly keyfile: string
}

/** A certificate for 127.0.0.1 that signs itself; or that `by` signs, for a client. `keyPassword`: its key is encrypted. */
export function makeCertificate(
  folder: string,
  name: string,
  { by, keyPassword }: { by?: CertificateFiles; keyPassword?: string } = {},
): CertificateFiles {
  const [certfile, keyfile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '3'],
      ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyfile, '-out', certfile],
      ...(keyPassword === undefined ? ['-nodes'] : ['-passout', `pass:${keyPassword}`]),
      ...(by ? ['-CA', by.certfile, '-CAkey', by.keyfile] : []),
    ],
    { stdio: 'pipe' },
  )
  return { certfile, keyfile }
}
