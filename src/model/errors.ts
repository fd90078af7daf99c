// Operating errors, typed. A programmer's error is an assertion and a crash.

/** transient: the pool waits. permanent: the entry is at fault. denied: the lane is blocked until somebody acts. */
export type ErrorClass = 'transient' | 'permanent' | 'denied'

/** An error with what to do about it. */
export class HoldfastError extends Error {
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, more: { hint?: string; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = new.target.name
    this.code = code
    this.hint = more.hint
  }
}

/** What a database said, sorted. */
export class BackendError extends HoldfastError {
  readonly errorClass: ErrorClass
  /** Index in the batch of the operation at fault, when the database told. */
  readonly operation: number | undefined

  constructor(
    errorClass: ErrorClass,
    code: string,
    message: string,
    more: { hint?: string; cause?: unknown; operation?: number } = {},
  ) {
    super(code, message, more)
    this.errorClass = errorClass
    this.operation = more.operation
  }
}

/** The mark is not what we read: another journal with our id, or an own transaction that was thought dead. */
export class MarkConflict extends HoldfastError {
  constructor() {
    super('MARK_CONFLICT', 'the mark in the remote was moved by somebody else')
  }
}

/** The journal takes no more: its bound, or the disk's. The broker must not acknowledge. */
export class QueueFull extends HoldfastError {
  constructor(message: string, cause?: unknown) {
    super('QUEUE_FULL', message, cause === undefined ? {} : { cause })
  }
}
