// Who may do what, as a test says it.

import type { AccessControl, Applicant } from '../../src/broker/broker.ts'

export interface TestRules {
  /** Absent: everybody is let in. */
  admits?(applicant: Applicant): boolean
  /** Absent: everything is allowed. */
  allows?(applicant: Applicant, action: 'publish' | 'read' | 'subscribe', topic: string): boolean
  /** Is this client let in still? */
  holds?(applicant: Applicant): boolean
  readonly denyAction?: AccessControl['denyAction']
}

export function accessBy({ admits, allows, holds, denyAction = 'ignore' }: TestRules): AccessControl {
  return {
    denyAction,
    async admit(applicant) {
      if (admits?.(applicant) === false) return 'credentials'
      return {
        username: applicant.username,
        mayPublish: (topic) => allows?.(applicant, 'publish', topic) ?? true,
        mayRead: (topic) => allows?.(applicant, 'read', topic) ?? true,
        maySubscribe: (filter) => allows?.(applicant, 'subscribe', filter) ?? true,
        holds: () => holds?.(applicant) ?? true,
      }
    },
  }
}
