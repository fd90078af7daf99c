// Nothing that is asked of a remote is waited for without end: a hung server answers nothing and closes nothing.

import { BackendError } from '../model/errors.ts'

export interface Deadline {
  readonly ms: number
  /** Gives up early. */
  readonly closing: AbortSignal
}

/**
 * Rejects with BackendError TIMEOUT (transient) when `work` takes longer, with CLOSED when `closing` aborts; `work` is
 * told by its signal, but not waited for.
 */
export async function within<T>(deadline: Deadline, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { ms, closing } = deadline
  const gaveUp = new AbortController()
  const { promise: givenUp, reject } = Promise.withResolvers<never>()
  const giveUp = (error: BackendError) => {
    reject(error)
    gaveUp.abort(error)
  }
  const close = () => giveUp(new BackendError('transient', 'CLOSED', 'the lane was closed meanwhile'))
  const timer = setTimeout(
    () => giveUp(new BackendError('transient', 'TIMEOUT', `the server gave no answer within ${ms} ms`)),
    ms,
  )
  closing.addEventListener('abort', close, { once: true })
  try {
    if (closing.aborted) close()
    return await Promise.race([givenUp, work(gaveUp.signal)])
  } finally {
    clearTimeout(timer)
    closing.removeEventListener('abort', close)
    givenUp.catch(() => {})
  }
}
