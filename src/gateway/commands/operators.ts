// `operator …` and `token …`: who may command the gateway by its page, its API and its console.

import type { Gateway } from '../gateway.ts'
import { LEAST_PASSWORD } from '../passwords.ts'
import { command } from './command.ts'
import { type Candidate, onOff, required, secret, word } from './parameter.ts'
import { integer, listOf, oneOf, record, text, time } from './schema.ts'

const operator = required(word("an operator's name"), 'NAME', "The operator's name", {
  *candidates({ operators }): Iterable<Candidate> {
    for (const name of operators.names) yield { word: name }
  },
})
const token = required(word("a token's name"), 'NAME', 'What it is for, such as the program that has it', {
  *candidates({ tokens }): Iterable<Candidate> {
    for (const { name, may } of tokens.list()) yield { word: name, doc: may }
  },
})
const named = record({ name: text() })

const operators = command('operators', {
  summary: 'who may log in to the page and the console',
  result: listOf(named),
  run: ({ operators }) => operators.names.map((name) => ({ name })),
})

const set = command('operator set', {
  recentLogin: true,
  summary: 'add an operator, or set another password for one',
  parameters: {
    name: operator,
    password: secret('PASSWORD', `At least ${LEAST_PASSWORD} characters`),
  },
  result: named,
  will: ({ operators }, { name }) =>
    operators.names.includes(name)
      ? `Sets another password for ${name}, and ends the sessions of ${name}.`
      : `Adds the operator ${name}, who may do everything that you may.`,
  did: ({ name }) => `${name} may log in with this password.`,
  async run({ operators }, { name, password }) {
    await operators.set(name, password)
    return { name }
  },
})

const remove = command('operator remove', {
  recentLogin: true,
  summary: 'take an operator away',
  parameters: { name: operator },
  result: named,
  asks: true,
  will: (_, { name }) => `Takes the operator ${name} away, and ends the sessions of ${name}.`,
  did: ({ name }) => `${name} is no operator any more.`,
  run({ operators }, { name }) {
    operators.remove(name)
    return { name }
  },
})

const tokens = command('tokens', {
  summary: 'the tokens of programs that use the API',
  result: listOf(record({ name: text(), may: oneOf(['read', 'all']), made: time() })),
  columns: ['name', 'may', { key: 'made', as: 'ago' }],
  run: ({ tokens }) => tokens.list(),
})

const create = command('token create', {
  recentLogin: true,
  summary: 'a token for a program that uses the API',
  help: 'It is shown this once: only its hash is kept.',
  parameters: { name: token, readOnly: onOff('It may only read') },
  result: record({ name: text(), token: text('for `Authorization: Bearer …`') }),
  will: (_, { name, readOnly }) =>
    `Makes a token for ${name}: whoever has it may ${readOnly ? 'read everything' : 'do everything that you may'}.`,
  run: ({ tokens, clock }: Gateway, { name, readOnly }) => ({
    name,
    token: tokens.create(name, readOnly ? 'read' : 'all', new Date(clock.now())),
  }),
})

const revoke = command('token revoke', {
  recentLogin: true,
  summary: 'take a token back',
  parameters: { name: token },
  result: named,
  asks: true,
  will: (_, { name }) => `Takes the token ${name} back: its program is let in no more.`,
  did: ({ name }) => `The token ${name} is worth nothing any more.`,
  run({ tokens }, { name }) {
    tokens.revoke(name)
    return { name }
  },
})

const login = required(word('a login'), 'ID|all', 'As `logins` shows it, or all of them', {
  *candidates({ logins }): Iterable<Candidate> {
    for (const { id, operator, from } of logins.list()) yield { word: id, doc: `${operator.name} ${from}` }
    yield { word: 'all' }
  },
})

const logins = command('logins', {
  summary: 'who is logged in to the page',
  result: listOf(record({ id: text(), operator: text(), from: text(), since: time(), used: time() })),
  columns: ['id', 'operator', 'from', { key: 'since', as: 'ago' }, { key: 'used', as: 'ago' }],
  run({ logins, clock }) {
    const at = (moment: number): string => new Date(clock.now() - performance.now() + moment).toISOString()
    return logins.list().map(({ id, operator: { name: operator }, from, beganAt, usedAt }) => ({
      ...{ id, operator, from, since: at(beganAt), used: at(usedAt) },
    }))
  },
})

const endLogin = command('login end', {
  summary: 'log somebody out of the page',
  parameters: { login },
  result: record({ ended: integer() }),
  will: (_, { login }) => (login === 'all' ? 'Logs everybody out, also you.' : `Logs ${login} out.`),
  did: ({ ended }) => (ended === 1 ? '1 login has ended.' : `${ended} logins have ended.`),
  run: ({ logins }, { login }) => ({ ended: logins.endNamed(login) }),
})

export const OPERATOR_COMMANDS = [operators, set, remove, logins, endLogin, tokens, create, revoke]
