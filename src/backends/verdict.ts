// What a database or the way to it said, sorted: wait, give the entry up, or ask for somebody's help.

import { BackendError, type ErrorClass } from '../model/errors.ts'

export interface Verdict {
  readonly errorClass: ErrorClass
  readonly hint?: string | undefined
}

export const transient: Verdict = { errorClass: 'transient' }
export const permanent: Verdict = { errorClass: 'permanent' }
export const denied = (hint: string): Verdict => ({ errorClass: 'denied', hint })

export const CERTIFICATE = denied("check cafile of the pool, and that the server's certificate names its address")

/** Node's and OpenSSL's codes of connections that waiting does not mend. */
export const CONNECTION_CODES: Readonly<Record<string, Verdict>> = {
  CERT_HAS_EXPIRED: CERTIFICATE,
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATE,
  ERR_TLS_CERT_ALTNAME_INVALID: CERTIFICATE,
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE,
  ENOENT: denied('the certificate file of the pool is not there'),
}

/** @param operation index in the batch, where one is known; what may pass later is no operation's fault */
export function judged(
  { errorClass, hint }: Verdict,
  code: string,
  message: string,
  { cause, operation }: { cause: unknown; operation?: number | undefined },
): BackendError {
  return new BackendError(errorClass, code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(errorClass === 'transient' || operation === undefined ? {} : { operation }),
    cause,
  })
}
