// `users`, `user …`: who may connect by MQTT.

import type { Gateway } from '../gateway.ts'
import { command } from './command.ts'
import { type Candidate, required, secret, word } from './parameter.ts'
import { flag, integer, listOf, record, text } from './schema.ts'

/** Of users that there are. */
export const userNames = function* ({ users }: Gateway): Iterable<Candidate> {
  for (const name of users.rules.users.keys()) yield { word: name }
}
const user = required(word("a user's name"), 'NAME', "The user's name", { candidates: userNames })
const password = secret('PASSWORD', 'The password of the user')
const CHANGED = record({ name: text(), disconnected: integer('clients that would not be let in any more') })

const list = command('users', {
  summary: 'who may connect by MQTT',
  help: `Users are in the file of auth.file, with hashes of their passwords. Who has a certificate that counts as a name
(use_identity_as_username) needs no line there.`,
  result: listOf(
    record({
      name: text(),
      clients: integer('connected with this name'),
      rules: integer('lines of the rules file for this user alone'),
      admin: flag('may read $SYS from everywhere'),
    }),
  ),
  run({ users: { rules }, broker }) {
    const clients = Map.groupBy(broker.clients(), ({ username }) => username)
    return [...rules.users.keys()].map((name) => ({
      name,
      clients: clients.get(name)?.length ?? 0,
      rules: rules.acl?.users.get(name)?.length ?? 0,
      admin: rules.admins.has(name),
    }))
  },
})

const add = command('user add', {
  summary: 'let a user connect by MQTT',
  parameters: { name: user, password },
  result: CHANGED,
  will({ users: { rules } }, { name }) {
    const first =
      'It is the first one: clients without a name are let in no more, and those that are connected are ended.'
    return `Adds the user ${name}. ${isOnlyWay(rules, 0) ? first : ''}`.trim()
  },
  did: ({ name, disconnected }) => `${name} may connect. ${counted(disconnected)}`,
  run: async ({ users }, { name, password }, caller) => ({
    name,
    disconnected: await users.add(name, password, caller),
  }),
})

const passwd = command('user passwd', {
  summary: 'set another password for a user',
  parameters: { name: user, password },
  result: CHANGED,
  will: (_, { name }) => `Sets another password for ${name}. Clients that the former one let in are disconnected.`,
  did: ({ name, disconnected }) => `${name} has another password. ${counted(disconnected)}`,
  run: async ({ users }, { name, password }, caller) => ({
    name,
    disconnected: await users.setPassword(name, password, caller),
  }),
})

const remove = command('user remove', {
  summary: 'take a user away',
  parameters: { name: user },
  result: CHANGED,
  asks: true,
  will({ users: { rules } }, { name }) {
    const last = rules.users.has(name) && isOnlyWay(rules, 1)
    return [
      `Takes the user ${name} away. Clients that it let in are disconnected; their sessions stay.`,
      ...(last ? ['It is the last one: clients without a name are let in again (auth.anonymous = auto).'] : []),
      ...(rules.acl?.users.has(name) ? ['Lines of the rules file that name it stay.'] : []),
    ].join(' ')
  },
  did: ({ name, disconnected }) => `${name} is no user any more. ${counted(disconnected)}`,
  run: ({ users }, { name }, caller) => ({ name, disconnected: users.remove(name, caller) }),
})

export const USER_COMMANDS = [list, add, passwd, remove]

/** Do clients without a name come in as long as there are no users, and are there so many? */
const isOnlyWay = ({ anonymous, users }: Gateway['users']['rules'], size: number): boolean =>
  anonymous === 'auto' && users.size === size

const counted = (clients: number): string =>
  clients === 0
    ? 'Nobody was disconnected.'
    : `${clients} ${clients === 1 ? 'client was' : 'clients were'} disconnected.`
