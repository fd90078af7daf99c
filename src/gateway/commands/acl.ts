// `acl`, `acl …`: who may publish and read what. The rules file is a part of the configuration: it is edited as the candidate, and
// `config commit` takes it up.

import { relative } from 'node:path'
import { AccessControl } from '../../access/access.ts'
import { aclLines } from '../../access/acl.ts'
import { type Scope, withoutRule, withRule } from '../../access/acl-edit.ts'
import { nameFault } from '../../access/users.ts'
import { Faults } from '../../config/fault.ts'
import { HoldfastError } from '../../model/errors.ts'
import { isFileName } from '../config/files.ts'
import type { Gateway } from '../gateway.ts'
import { command } from './command.ts'
import { EDIT, EDITED, edit, edited } from './editing.ts'
import { choiceOf, onOff, option, required, topicFilter, wholeNumber, word } from './parameter.ts'
import { flag, integer, listOf, oneOf, orNull, record, text } from './schema.ts'
import { userNames } from './users.ts'

const ACCESS = ['read', 'write', 'readwrite', 'deny'] as const
const NOTHING = Buffer.alloc(0)

const user = option(word("a user's name"), 'NAME', 'For this user', { candidates: userNames })

const list = command('acl', {
  summary: 'the rules: who may publish and read what',
  help: `Those of the candidate, by their lines in the rules file. \`config file get acl.conf\` shows the whole file, and \`config file put\`
takes one, in the syntax of mosquitto. What no line names is for acl.nomatch to say.`,
  result: listOf(
    record({
      line: integer(),
      for: oneOf(['user', 'anonymous', 'everybody'], 'everybody: %c in the filter is the client id, %u the user'),
      user: orNull(text()),
      access: oneOf(ACCESS),
      filter: text(),
    }),
  ),
  async run({ config }) {
    const { file, content } = rulesFile(await candidateOf(config), config.editor.files)
    return [...aclLines(file, content, new Faults())].flatMap(({ word, user, place, rule }) => {
      if (!rule) return []
      const whom = word === 'pattern' ? 'everybody' : user === null ? 'anonymous' : 'user'
      return [{ line: place.line, for: whom, user: whom === 'user' ? user : null, ...rule } as const]
    })
  },
})

const add = command('acl add', {
  summary: 'a rule, into the candidate',
  help: `For one user, for clients without a name (--anonymous), or for everybody, where %c in the filter stands for the client id and %u
for the user's name.`,
  parameters: {
    access: required(choiceOf(...ACCESS), 'ACCESS', 'What the rule allows, or deny: read, write, readwrite, deny'),
    filter: required(topicFilter, 'FILTER', 'A topic or topic filter, such as site/+/state', { rest: true }),
    user,
    anonymous: onOff('For clients without a name'),
    ...EDIT,
  },
  result: EDITED,
  did: edited,
  will: (_, { access, filter, ...whom }) =>
    `Puts a rule into the candidate: ${access} ${filter}, for ${spoken(scopeOf(whom))}. Nothing changes before it is committed.`,
  async run({ config }, { access, filter, ...input }, caller) {
    const scope = scopeOf(input)
    assertWritable(filter)
    const { name } = rulesFile(await candidateOf(config), config.editor.files)
    return edit(config, caller, input, name, (files) => {
      files.set(name, withRule(files.get(name) ?? NOTHING, { scope, access, filter }))
    })
  },
})

const remove = command('acl remove', {
  summary: 'take a rule out of the candidate',
  parameters: { line: required(wholeNumber({ min: 1 }), 'LINE', 'As `acl` numbers them'), ...EDIT },
  result: EDITED,
  did: edited,
  async will({ config }, { line }) {
    const { content } = rulesFile(await candidateOf(config), config.editor.files)
    const text = content.toString().split('\n')[line - 1]?.trim() ?? ''
    return `Takes line ${line} out of the candidate: ${text}. Nothing changes before it is committed.`
  },
  async run({ config }, { line, ...input }, caller) {
    const { name } = rulesFile(await candidateOf(config), config.editor.files)
    return edit(config, caller, input, name, (files) => {
      const content = withoutRule(files.get(name) ?? NOTHING, line)
      if (content) files.set(name, content)
      else throw new HoldfastError('NO_SUCH_RULE', `there is no rule in line ${line}`, { hint: '`acl` lists them' })
    })
  },
})

const tried = command('acl try', {
  summary: 'may a client do this, by the rules of the candidate?',
  parameters: {
    action: required(
      choiceOf('publish', 'subscribe', 'read'),
      'ACTION',
      'What the client would do: publish, subscribe, or read a message',
    ),
    topic: required(topicFilter, 'TOPIC', 'A topic; for subscribe a topic filter', { rest: true }),
    user: { ...user, doc: 'The client has this name; without it: none' },
    client: option(word("a client's id"), 'ID', 'The client has this id'),
  },
  result: record({ allowed: flag() }),
  did: ({ allowed }) => (allowed ? 'It may.' : 'It may not.'),
  async run({ config }, { action, topic, user = null, client = '' }) {
    const { access } = await candidateOf(config)
    const rights = new AccessControl(access).rightsOf(client, user)
    if (action === 'subscribe') return { allowed: rights.maySubscribe(topic) }
    return { allowed: action === 'publish' ? rights.mayPublish(topic) : rights.mayRead(topic) }
  },
})

export const ACL_COMMANDS = [list, add, remove, tried]

type Candidate = Gateway['config']['running']

const candidateOf = async (config: Gateway['config']): Promise<Candidate> => (await config.plan()).next

/** @throws HoldfastError ACL_ELSEWHERE */
function rulesFile({ etcDir, gateway }: Candidate, files: ReadonlyMap<string, Buffer>) {
  const file = gateway['acl.file']
  const name = relative(etcDir, file)
  if (isFileName(name)) return { file, name, content: files.get(name) ?? NOTHING }
  throw new HoldfastError('ACL_ELSEWHERE', `the rules are in ${file}, which is no file of the configuration`, {
    hint: 'change it there, and `reload`; or give acl.file the name of a .conf file beside holdfast.conf',
  })
}

/** @throws HoldfastError USAGE, BAD_VALUE */
function scopeOf({ user, anonymous }: { readonly user?: string; readonly anonymous?: boolean }): Scope {
  if (user === undefined) return anonymous ? 'anonymous' : 'everybody'
  if (anonymous) throw new HoldfastError('USAGE', 'expected one of --user and --anonymous, not both')
  const fault = nameFault(user)
  if (fault !== undefined) throw new HoldfastError('BAD_VALUE', fault)
  return { user }
}

const spoken = (scope: Scope): string =>
  scope === 'everybody' ? scope : scope === 'anonymous' ? 'clients without a name' : scope.user

/** @throws HoldfastError BAD_VALUE: in a line it would be another filter, or more than one line */
function assertWritable(filter: string): void {
  if (!/[\x00-\x1f\x7f\x85\u2028\u2029]|^\s|\s$/.test(filter)) return
  throw new HoldfastError('BAD_VALUE', 'a filter in the rules file has no control characters, nor spaces at its ends')
}
