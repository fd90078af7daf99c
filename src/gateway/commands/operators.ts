// `operator …` and `token …`: who may command the gateway by its page, its API and its console.

import type { Gateway } from '../gateway.ts'
import { LEAST_PASSWORD } from '../operators.ts'
import { command } from './command.ts'
import { type Candidate, onOff, required, secretText, word } from './parameter.ts'
import { listOf, oneOf, record, text, time } from './schema.ts'

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
  summary: 'add an operator, or set another password for one',
  help: '`holdfast passwd --operator NAME` does the same and asks for the password, so that no shell remembers it.',
  parameters: {
    name: operator,
    password: required(secretText(), 'PASSWORD', `At least ${LEAST_PASSWORD} characters`),
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

export const OPERATOR_COMMANDS = [operators, set, remove, tokens, create, revoke]
