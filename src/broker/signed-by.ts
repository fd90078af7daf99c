// Would a handshake still take this client's certificate? Asked anew when the file of those who sign has changed: TLS verifies at the
// handshake only. Certificates between, which a client sends with its own, Node does not show; who is signed by way of one that
// is not in the file is not proven by this, and has to come in anew.

import { X509Certificate } from 'node:crypto'

const PEM = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[^-]+-----END \1-----/g
/** OpenSSL's own bound of a chain is 100; nobody has more than three. */
const DEPTH = 10

/** All that a PEM file holds. */
export function certificatesIn(pem: Buffer): X509Certificate[] {
  return (pem.toString('latin1').match(PEM) ?? []).map((text) => new X509Certificate(text))
}

/** As OpenSSL has it: from one issuer to the next, up to one that has signed itself. */
export function isSignedBy(trusted: readonly X509Certificate[], certificate: X509Certificate): boolean {
  let one = certificate
  for (let depth = 0; depth < DEPTH && isInTime(one); depth++) {
    const issuers = trusted.filter((issuer) => hasSigned(issuer, one))
    const root = issuers.find((issuer) => hasSigned(issuer, issuer))
    if (root) return isInTime(root)
    const [between] = issuers
    if (!between) return false
    one = between
  }
  return false
}

const hasSigned = (issuer: X509Certificate, one: X509Certificate): boolean =>
  issuer.ca && one.checkIssued(issuer) && one.verify(issuer.publicKey)
const isInTime = ({ validFromDate, validToDate }: X509Certificate): boolean =>
  validFromDate.getTime() <= Date.now() && Date.now() <= validToDate.getTime()
