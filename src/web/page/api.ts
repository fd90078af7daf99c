// The gateway's API (src/web/DESIGN.md): commands by their words, faults as what the gateway said.

import { cell } from './cell.ts'
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

/** Called when the gateway knows us no more. @returns does it now? */
export const onLoggedOut = { call: async (): Promise<boolean> => false }
/** Called when the gateway wants the password again, before it does what was asked. @returns was it given? */
export const onOldLogin = { call: async (_why: 'old' | 'ended'): Promise<boolean> => false }

const API = '/api/v1'
/** A wrong password is no end of the login. */
const PASSWORDS: readonly string[] = ['/session', '/setup', '/password']

interface Sent {
  readonly body: string | Blob
  readonly type: string
  /** `bytes 0-99/1000` */
  readonly range?: string
}

/** Requests that have taken long already. */
export const slow = cell(0)
const SLOW_MS = 800

/** Counts it as slow from when it is until it has ended. */
async function counted<T>(doing: Promise<T>): Promise<T> {
  let isSlow = false
  const timer = setTimeout(() => {
    isSlow = true
    slow.value++
  }, SLOW_MS)
  try {
    return await doing
  } finally {
    clearTimeout(timer)
    if (isSlow) slow.value--
  }
}

const isJson = ({ headers }: Response): boolean => headers.get('content-type')?.includes('json') ?? false

/** @param path below /api/v1. @param isAgain behind a new login. @throws Fault */
async function request(method: string, path: string, sent?: Sent, isAgain = false): Promise<Response> {
  let response: Response
  try {
    const range = sent?.range === undefined ? {} : { 'content-range': sent.range }
    const body = sent && { headers: { 'content-type': sent.type, ...range }, body: sent.body }
    response = await counted(fetch(`${API}${path}`, { method, ...body }))
  } catch {
    throw new Fault('OFFLINE', t('fault.offline'), t('fault.offline.hint'))
  }
  if (response.ok) return response
  const { code, detail, hint } = isJson(response) ? await response.json() : {}
  if (code === 'LOGIN_OLD' && (await onOldLogin.call('old'))) return request(method, path, sent)
  const isOut = response.status === 401 && !PASSWORDS.includes(path) && !isAgain
  if (isOut && (await onLoggedOut.call())) return request(method, path, sent, true)
  throw new Fault(code ?? String(response.status), detail ?? response.statusText, hint)
}

/** @throws Fault */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const sent = body === undefined ? undefined : { type: 'application/json', body: JSON.stringify(body) }
  const response = await request(method, path, sent)
  return isJson(response) ? await response.json() : ({} as T)
}

/** A file, whole. @throws Fault */
export const download = async (path: string): Promise<Blob> => (await request('GET', path)).blob()

/** @throws Fault */
export async function upload(path: string, body: Blob, type: string): Promise<void> {
  await request('PUT', path, { body, type })
}

const PIECE_BYTES = 4 << 20
const TRIES = 5
/** A line that fails for a moment; and the gateway may still wait for the rest of what it cut. */
const PASSING = ['OFFLINE', 'BUSY', 'NOT_TAKEN']

/** A large file, piece by piece. @param came is told how many bytes are there. @throws Fault */
export async function uploadPieces(path: string, file: Blob, came: (bytes: number) => void): Promise<void> {
  for (let from = 0, tries = 1; from < file.size; ) {
    const to = Math.min(file.size, from + PIECE_BYTES)
    const range = `bytes ${from}-${to - 1}/${file.size}`
    try {
      await request('PUT', path, { body: file.slice(from, to), type: 'application/octet-stream', range })
      from = to
      tries = 1
      came(from)
    } catch (error) {
      if (!PASSING.includes(faultOf(error).code) || ++tries > TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, 2000))
    }
  }
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
