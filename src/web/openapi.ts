// GET /openapi.json: the API described by the schemas that the commands declare (OpenAPI 3.1 takes JSON Schema as it is).

import { COMMANDS, type Command, inputSchema } from '../gateway/commands.ts'
import { pathOf } from './api.ts'
import { cookieName } from './caller.ts'

const PROBLEM = {
  type: 'object',
  properties: {
    type: { type: 'string', description: 'urn:holdfast:<code>' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'For programs; codes do not change' },
    hint: { type: 'string', description: 'What to do about it' },
  },
  required: ['type', 'title', 'status', 'detail', 'code'],
}

export function openApi(): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Holdfast', version: '1', description: 'The commands of the gateway as resources' },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { session: [] }],
    paths: { ...Object.fromEntries(COMMANDS.map((command) => [pathOf(command), pathItem(command)])), ...OWN_PATHS },
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Made by the command `token create`' },
        session: { type: 'apiKey', in: 'cookie', name: cookieName(true), description: 'After a login' },
      },
    },
  }
}

const json = (schema: object) => ({ content: { 'application/json': { schema } } })
const REFUSED = {
  description: 'What is wrong, and what to do about it',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}
const DRY = {
  ...{ name: 'dry', in: 'query', description: 'Only say what it would do' },
  schema: { type: 'string', enum: ['1'] },
}
const FOLLOW = {
  ...{ name: 'follow', in: 'query', description: 'The items as server-sent events `item`, and those that come after' },
  schema: { type: 'string', enum: ['1'] },
}
const FOLLOWED = (result: object) => ({
  description: 'The result; with ?follow=1 a stream of its items',
  content: { ...json(result).content, 'text/event-stream': {} },
})
const WILL = {
  type: 'object',
  properties: {
    will: { type: ['string', 'null'], description: 'What it would do, with ?dry=1; null: it only reads' },
    asks: { type: 'boolean', description: "It can't be undone: ask before" },
  },
  required: ['will', 'asks'],
}

function pathItem(command: Command): object {
  const { name, summary, help, result, changes, follow } = command
  const about = { summary, ...(help !== undefined && { description: help }), tags: [name.split(' ')[0]!] }
  const operationId = name.replaceAll(' ', '_')
  const input = inputSchema(command)
  const done = {
    type: 'object',
    properties: { result, did: { type: ['string', 'null'], description: 'What it did, as a sentence' } },
    required: ['result', 'did'],
  }
  const post = {
    ...{ ...about, operationId: `post_${operationId}`, parameters: [DRY] },
    requestBody: { ...json(input), required: (input.required as string[]).length > 0 },
    responses: { 200: { description: 'Done', ...json({ anyOf: [done, WILL] }) }, default: REFUSED },
  }
  if (changes) return { post }
  const get = {
    ...{ ...about, operationId: `get_${operationId}`, parameters: [...queryOf(command), ...(follow ? [FOLLOW] : [])] },
    responses: { 200: follow ? FOLLOWED(result) : { description: 'The result', ...json(result) }, default: REFUSED },
  }
  return { get, post }
}

function queryOf(command: Command): object[] {
  const properties = inputSchema(command).properties ?? {}
  return Object.entries(command.parameters).map(([name, { doc, required }]) => {
    const { description: _, ...schema } = properties[name]!
    return { name, in: 'query', description: doc, required, schema }
  })
}

const text = { type: 'string' }
const texts = (...names: string[]) => ({
  ...json({ type: 'object', properties: Object.fromEntries(names.map((name) => [name, text])), required: names }),
  required: true,
})
const SESSION = {
  200: {
    description: 'How it is now',
    ...json({
      type: 'object',
      properties: {
        state: { type: 'string', enum: ['setup', 'out', 'in'], description: 'setup: there is no account yet' },
        name: text,
        endsInMs: { type: 'integer', description: 'if nobody uses it' },
        endsAtLatestInMs: { type: 'integer' },
      },
      required: ['state'],
    }),
  },
  default: REFUSED,
}

/** What is no command. */
const OWN_PATHS = {
  '/session': {
    get: { summary: 'is this browser logged in?', security: [], responses: SESSION },
    post: { summary: 'log in', security: [], requestBody: texts('name', 'password'), responses: SESSION },
    delete: { summary: 'log out', security: [], responses: SESSION },
  },
  '/setup': {
    post: {
      summary: 'make the first account',
      ...{ security: [], requestBody: texts('code', 'name', 'password'), responses: SESSION },
    },
  },
  '/password': {
    post: { summary: 'another password for oneself', requestBody: texts('current', 'password'), responses: SESSION },
  },
  '/commands': {
    get: {
      summary: 'the commands as they are declared, for forms',
      responses: { 200: { description: 'A list', ...json({ type: 'array' }) }, default: REFUSED },
    },
  },
  '/complete': {
    post: {
      summary: 'what may stand in the place of the last word',
      requestBody: {
        ...json({ type: 'object', properties: { words: { type: 'array', items: text } }, required: ['words'] }),
      },
      responses: { 200: { description: 'Words', ...json({ type: 'array' }) }, default: REFUSED },
    },
  },
  '/backups/{name}': {
    parameters: [{ name: 'name', in: 'path', required: true, schema: text }],
    get: {
      summary: 'a backup, to be kept elsewhere: passwords and keys are in it',
      responses: { 200: { description: 'The file', content: { 'application/gzip': {} } }, default: REFUSED },
    },
    put: {
      summary: 'a backup from elsewhere, into the data folder; POST /restore puts it back',
      requestBody: { required: true, content: { 'application/gzip': {} } },
      responses: { 200: { description: 'What it is', ...json({ type: 'object' }) }, default: REFUSED },
    },
  },
  '/updates/{name}': {
    parameters: [{ name: 'name', in: 'path', required: true, schema: text }],
    put: {
      summary: 'a bundle for the image of a device, whole or in pieces; POST /update/install installs it',
      parameters: [{ name: 'content-range', in: 'header', description: 'bytes FIRST-LAST/TOTAL', schema: text }],
      requestBody: { required: true, content: { 'application/octet-stream': {} } },
      responses: {
        200: {
          description: 'How much of it is here',
          ...json({
            type: 'object',
            properties: { bytes: { type: 'integer' }, isWhole: { type: 'boolean' } },
            required: ['bytes', 'isWhole'],
          }),
        },
        default: REFUSED,
      },
    },
    delete: { summary: 'drop it', responses: { 204: { description: 'It is gone' }, default: REFUSED } },
  },
  '/events': {
    get: {
      summary: 'server-sent events: `status` once a second, `log` for each line of the log',
      responses: { 200: { description: 'A stream', content: { 'text/event-stream': {} } }, default: REFUSED },
    },
  },
}
