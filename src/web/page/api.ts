// The gateway's API (src/web/DESIGN.md): commands by their words, faults as what the gateway said.

import { t } from './texts.ts'

/** A problem (RFC 9457), or that there was no answer. */
export class Fault extends Error {
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, detail: string, hint?: string) {
    super(detail)
    this.code = code
    this.hint = hint
  }
}

export const faultOf = (error: unknown): Fault =>
  error instanceof Fault ? error : new Fault('PAGE', String((error as Error)?.message ?? error))

export type Values = Readonly<Record<string, unknown>>

/** Called when the gateway knows us no more. */
export const onLoggedOut = { call: (): void => {} }

const API = '/api/v1'

/** @throws Fault */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response
  try {
    response = await fetch(`${API}${path}`, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
  } catch {
    throw new Fault('OFFLINE', t('fault.offline'), t('fault.offline.hint'))
  }
  const answer = response.headers.get('content-type')?.includes('json') ? await response.json() : {}
  if (response.ok) return answer as T
  if (response.status === 401 && path !== '/session' && path !== '/setup' && path !== '/password') onLoggedOut.call()
  throw new Fault(answer.code ?? String(response.status), answer.detail ?? response.statusText, answer.hint)
}

const pathOf = (command: string): string => `/${command.replaceAll(' ', '/')}`

/** The address of a command that only reads. */
export function pathTo(command: string, values: Values = {}): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '')
  const query = new URLSearchParams(given.map(([key, value]) => [key, String(value)]))
  return `${API}${pathOf(command)}${given.length > 0 ? `?${query}` : ''}`
}

/** The result of a command that only reads. @throws Fault */
export const read = <T>(command: string, values: Values = {}): Promise<T> =>
  ask('GET', pathTo(command, values).slice(API.length))

/** Does it. @throws Fault */
export const run = <T = unknown>(command: string, values: Values = {}): Promise<{ result: T; did: string | null }> =>
  ask('POST', pathOf(command), values)

/** What it would do. @throws Fault */
export const preview = (command: string, values: Values = {}): Promise<{ will: string | null; asks: boolean }> =>
  ask('POST', `${pathOf(command)}?dry=1`, values)
