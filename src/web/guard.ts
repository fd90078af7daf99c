// What a request must be before anybody looks at it: sent to a name of ours (against DNS rebinding), and not by another site's
// page (against cross-site requests).

import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyRequest } from 'fastify'
import { HoldfastError } from '../model/errors.ts'

/**
 * A page of another site can make its own name point to our address; then its scripts are of the same origin as we. They
 * can't do so with an address, nor with names that are not theirs.
 * @param names more names of ours
 */
export function isOurs(host: string, names: readonly string[]): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host) ?? []
  const name = (bracketed ?? plain ?? '').toLowerCase().replace(/\.$/, '')
  if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return true
  const own = hostname().toLowerCase()
  return [own, `${own.split('.')[0]}.local`, ...names].includes(name)
}

/** @throws HoldfastError HOST; BAD_REQUEST for several, which RFC 9112 3.2 forbids */
export function assertOurs({ raw, headers }: FastifyRequest, names: readonly string[]): void {
  if ((raw.headersDistinct.host?.length ?? 0) > 1) throw new HoldfastError('BAD_REQUEST', 'more than one Host')
  if (isOurs(headers.host ?? '', names)) return
  throw new HoldfastError('HOST', 'this gateway is not called so', { hint: 'use its address, or name it in web.hosts' })
}

/**
 * Browsers say by themselves, and scripts can't change, where a request comes from. What says nothing is no browser, and has
 * no cookie that somebody else could use.
 * @throws HoldfastError CROSS_SITE
 */
export function assertSameSite({ headers }: FastifyRequest): void {
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  const foreign = site !== undefined && site !== 'same-origin' && site !== 'none'
  if (foreign || (origin !== undefined && URL.parse(origin)?.host !== host)) {
    throw new HoldfastError('CROSS_SITE', 'this request comes from the page of another site')
  }
}

/** Of a request that a cookie proves: a browser has sent it, and must have said from where. @throws HoldfastError CROSS_SITE */
export function assertOrigin({ headers, method }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD' || headers.origin !== undefined) return
  throw new HoldfastError('CROSS_SITE', 'a request with a cookie needs the header Origin', {
    hint: 'programs use a token: `Authorization: Bearer …`',
  })
}
