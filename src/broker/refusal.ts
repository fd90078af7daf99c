// Why a CONNECT is refused. MQTT 3 has a code for it and no words; the words are for the log.

interface Words {
  /** CONNACK's [MQTT-3.2.2.3]; 3 asks the client to come later. */
  readonly code: 2 | 3 | 4 | 5
  readonly why: string
}

const REFUSALS = {
  clientid: { code: 2, why: 'a client id that is empty without clean session, or too long' },
  connections: { code: 3, why: 'there are all the clients that there may be' },
  sessions: { code: 3, why: 'there are all the sessions that there may be' },
  busy: { code: 3, why: 'its password could not be checked now' },
  tries: { code: 3, why: 'too many wrong passwords came from its address' },
  credentials: { code: 4, why: 'the user name or the password is wrong' },
  authorization: { code: 5, why: 'it proves no name' },
} as const satisfies Record<string, Words>

export type Refusal = keyof typeof REFUSALS

/** For aedes, which answers with its code. */
export function refusalError(reason: Refusal, cause?: Error): Error {
  const { code, why } = REFUSALS[reason]
  const error = new Error(`refused: ${why}${cause ? ` (${cause.message})` : ''}`, { cause })
  return Object.assign(error, { returnCode: code })
}
