// Who is let in and who may do what: the keys and the two files.

import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { AccessRules } from '../access/access.ts'
import { type Acl, parseAcl } from '../access/acl.ts'
import { parseUsers, type Users } from '../access/users.ts'
import { Faults, type Place } from '../config/fault.ts'
import { readFile, type Source } from '../config/load.ts'
import { parseText } from '../config/text.ts'
import { DEFAULT_FILES, type GatewaySettings, OPERATORS_FILE } from './settings.ts'

interface Loaded {
  readonly etcDir: string
  readonly gateway: GatewaySettings
}

/** Never throws for what is, or is not, in the files. */
export function readAccess({ etcDir, gateway }: Loaded, faults: Faults, source?: Source): AccessRules {
  const users = readUsers(gateway['auth.file'], faults)
  const acl = readAcl({ etcDir, gateway }, faults, source)
  warnOfOperators(join(etcDir, OPERATORS_FILE), faults)
  const rules: AccessRules = {
    users,
    acl,
    anonymous: gateway['auth.anonymous'],
    nomatch: gateway['acl.nomatch'],
    denyAction: gateway['acl.deny_action'],
    admins: new Set(namesOf(gateway['auth.admins'])),
    tries: { perName: gateway['auth.max_tries'], perAddress: gateway['auth.max_tries_per_address'] },
  }
  lookForNonsense(rules, { etcDir, gateway }, faults)
  return rules
}

const namesOf = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

/** That nobody can log in stops nothing else. */
function warnOfOperators(file: string, faults: Faults): void {
  const own = new Faults()
  readUsers(file, own)
  for (const { message, ...place } of own.list) {
    faults.warning(place, message, 'holdfast passwd --operator NAME; until it is mended nobody can log in anew')
  }
}

function readUsers(file: string, faults: Faults): Users {
  const content = readFile(file, faults)
  if (!content) return new Map()
  if ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o007) {
    faults.warning(start(file), 'everybody on this machine may read or change the users', `chmod 600 ${file}`)
  }
  return parseUsers(file, content, faults)
}

/** That the file of the default is not there means that there are no rules; a file that somebody named is missed. */
function readAcl({ etcDir, gateway }: Loaded, faults: Faults, source?: Source): Acl | undefined {
  const file = gateway['acl.file']
  const content = readFile(file, faults, source)
  if (content) return parseAcl(file, content, faults)
  if (file !== resolve(etcDir, DEFAULT_FILES.acl)) faults.error(start(file), 'the file of acl.file is not there')
  return undefined
}

/** What can't be meant so, and what most likely is not. */
function lookForNonsense(rules: AccessRules, { etcDir, gateway }: Loaded, faults: Faults): void {
  const { users, acl, anonymous, nomatch, admins } = rules
  const place = placesOf(etcDir)
  const listeners = (['ssl', 'wss'] as const).flatMap((kind) =>
    [...gateway[`listener.${kind}.*`]].map(([name, keys]) => ({ key: `listener.${kind}.${name}`, ...keys })),
  )
  const byCertificate = listeners.filter((listener) => listener.use_identity_as_username)
  for (const { key } of byCertificate.filter(({ verify }) => !verify)) {
    faults.error(place(`${key}.use_identity_as_username`), `it needs ${key}.verify = on: else a name proves nothing`)
  }
  if (byCertificate.length === 0) {
    const nobody = (name: string): string => `there is no user ${name} in ${gateway['auth.file']}`
    if (anonymous === false && users.size === 0) {
      faults.warning(place('auth.anonymous'), 'nobody is let in: there are no users', 'holdfast passwd NAME')
    }
    for (const name of admins) if (!users.has(name)) faults.warning(place('auth.admins'), nobody(name))
    for (const [name, where] of acl?.places ?? []) if (!users.has(name)) faults.warning(where, nobody(name))
  }
  const lines = acl ? [...acl.anonymous, ...acl.patterns, ...[...acl.users.values()].flat()] : []
  if (nomatch === 'allow' && lines.length > 0 && !lines.some(({ access }) => access === 'deny')) {
    const meant = 'acl.nomatch = deny forbids what no line names'
    faults.warning(start(gateway['acl.file']), 'these rules forbid nothing: acl.nomatch = allow', meant)
  }
  if (nomatch === 'deny' && lines.length === 0) {
    faults.warning(place('acl.nomatch'), `nobody may do anything: there are no rules in ${gateway['acl.file']}`)
  }
}

const start = (file: string): Place => ({ file, line: 1, column: 1 })

/** @returns where a key stands in holdfast.conf */
export function placesOf(etcDir: string): (key: string) => Place {
  const file = join(etcDir, 'holdfast.conf')
  const nothing = new Faults() // they are told already
  const entries = parseText(file, readFile(file, nothing) ?? Buffer.alloc(0), nothing)
  return (key) => entries.find((entry) => entry.key === key) ?? start(file)
}
