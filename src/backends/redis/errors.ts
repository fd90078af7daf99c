// What Redis and the way to it say, sorted: wait, give the entry up, or ask for somebody's help.

import { BackendError } from '../../model/errors.ts'
import { CONNECTION_CODES, denied, judged, permanent, transient, type Verdict } from '../verdict.ts'

const PASSWORD = denied('check username and password of the pool')

/** By the word that an error of Redis begins with, and by Node's and OpenSSL's codes; what is not here is transient. */
const CODES: Readonly<Record<string, Verdict>> = {
  CROSSSLOT: permanent, // a command with keys of several nodes
  ERR: permanent, // unknown command, wrong number of arguments, not an integer, …; see MESSAGES
  NOPROTO: permanent,
  WRONGTYPE: permanent, // the key is something else

  NOAUTH: PASSWORD,
  WRONGPASS: PASSWORD,
  NOPERM: denied('grant the user of the pool the right to the command and to its keys; batches need +evalsha +eval'),
  MISCONF: { ...transient, hint: "the server can't write its snapshots: look at its log and disk" },
  OOM: { ...transient, hint: "the server's memory is full: raise maxmemory there" },
  NOREPLICAS: { ...transient, hint: 'the server wants more replicas than are connected' },

  ...CONNECTION_CODES,
}

/** Errors whose first word does not tell. */
const MESSAGES: readonly (readonly [RegExp, string, Verdict])[] = [
  [
    /^All sentinels are unreachable.*(NOAUTH|WRONGPASS|invalid password|without any password)/is,
    'SENTINEL_AUTH',
    denied('check sentinel_username and sentinel_password of the pool'),
  ],
  [/can't access (at least )?one of the keys|no permission/i, 'NOPERM', CODES.NOPERM!],
  [/DB index|SELECT is not allowed/i, 'NO_DATABASE', denied('correct `database` of the pool; a cluster has only 0')],
  [/invalid password|without any password|no password is set/i, 'WRONGPASS', PASSWORD],
  [/cluster support disabled/i, 'NO_CLUSTER', denied('the server is no cluster: correct `type` of the pool')],
  [/max number of clients/i, 'MAXCLIENTS', transient],
  [/^All sentinels are unreachable/i, 'SENTINELS', transient],
  [
    /wrong version number|packet length too long/i,
    'NO_TLS',
    denied('the server does not speak TLS here: correct `ssl` of the pool'),
  ],
]

/** @param operation index in the batch, where one is known to be at fault */
export function backendError(error: unknown, operation?: number): BackendError {
  if (error instanceof BackendError) return error
  const { message, code } = error as { message: string; code?: string }
  const known = MESSAGES.find(([pattern]) => pattern.test(message))
  const word = known?.[1] ?? code ?? /^[A-Z]+(?= )/.exec(message)?.[0] ?? 'CONNECTION'
  const verdict = known?.[2] ?? CODES[word] ?? transient
  const isNobodys = verdict.errorClass === 'permanent' && operation === undefined
  return judged(isNobodys ? transient : verdict, word, message, { cause: error, operation })
}
