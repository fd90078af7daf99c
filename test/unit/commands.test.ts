// Commands as every face has them: words read or refused, help, completion, tables; all from what the commands declare.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesForEyes, durationForEyes } from '../../src/gateway/commands/render.ts'
import { readInput } from '../../src/gateway/commands/words.ts'
import {
  COMMANDS,
  completionOf,
  helpFor,
  onOff,
  option,
  parseWords,
  render,
  usageOf,
  word,
} from '../../src/gateway/commands.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { HoldfastError } from '../../src/model/errors.ts'

const FACE = { json: onOff('as JSON'), data: option(word('a folder'), 'DIR', 'the folder') }

function read(line: string): { name: string; input: Record<string, unknown>; face: unknown } {
  const { command, input, face } = parseWords(line.split(' '), COMMANDS, FACE)
  return { name: command.name, input: readInput(command, input), face: { ...face } }
}

function refusal(line: string): string {
  try {
    read(line)
  } catch (error) {
    assert.ok(error instanceof HoldfastError)
    return `${error.message} | ${error.hint}`
  }
  throw new Error(`${line} was taken`)
}

test('options of the command and of the face stand wherever they like', () => {
  const skip = { name: 'lane skip', input: { pool: 'pool1', to: 17 } }
  for (const line of ['lane skip pool1 --to 17', 'lane skip --to=17 pool1', 'lane skip pool1 --to 17 --']) {
    assert.deepEqual(read(line), { ...skip, face: {} })
  }
  const face = { json: true, data: '/var' }
  for (const line of ['--json --data /var lane skip pool1 --to 17', 'lane --json skip --to 17 --data=/var pool1']) {
    assert.deepEqual(read(line), { ...skip, face })
  }
})

test('a word that begins with dashes is a value behind --', () => {
  assert.deepEqual(read('client kick -- --odd').input, { clientid: '--odd' })
})

test('what is missing, too much, of another type or unknown is named, with the usage', () => {
  const usage = 'lane skip POOL --to SEQ'
  assert.equal(refusal('lane skip --to 3'), `expected POOL: a pool's name | ${usage}`)
  assert.equal(refusal('lane skip p'), `expected --to SEQ: a whole number from 1 on | ${usage}`)
  assert.equal(refusal('lane skip p --to'), `expected a whole number from 1 on behind --to | ${usage}`)
  assert.equal(refusal('lane skip p --to 0'), `--to: expected a whole number from 1 on, not '0' | ${usage}`)
  assert.equal(
    refusal('lane skip p --to 99999999999999999999 '.trim()).split(' |')[0],
    "--to: expected a whole number from 1 on, not '99999999999999999999'",
  )
  assert.equal(refusal('lane skip p q --to 1'), `one word too many: 'q' | ${usage}`)
  assert.equal(refusal('lane skip p --too 1'), `unknown option --too; did you mean --to? | ${usage}`)
  assert.equal(refusal('clients --all=1'), '--all takes no value | clients [--all]')
  assert.equal(refusal('hook try'), 'expected --event JSON: an event as JSON | hook try [HOOKS] --event JSON')
  for (const typed of ['=secret', ' secret']) {
    assert.match(refusal(`user add ada --password${typed}`), /is asked for, and does not stand on the line \|/)
  }
  assert.match(refusal('dead drop some'), /^ID\|all: expected a whole number, or all, not 'some' \|/)
  assert.match(refusal('topics a#'), /'a#' is no topic filter/)
  assert.match(refusal('messages t --since soon'), /--since: expected a time such as 2h \(ago\) or 2026-/)
  assert.match(refusal('--json'), /which command\?/)
})

test('a typo is answered with the nearest command', () => {
  assert.match(refusal('statsu'), /did you mean 'status'\?/)
  assert.match(
    refusal('lane puase pool1'),
    /did you mean 'lane pause'\? commands: lane pause, lane resume, lane skip, lane show$/,
  )
  assert.match(
    refusal('lane'),
    /there is no command 'lane' \| commands: lane pause, lane resume, lane skip, lane show$/,
  )
  assert.doesNotMatch(refusal('frobnicate'), /did you mean/)
})

test('JSON in place of words: the same rules', () => {
  const skip = COMMANDS.find(({ name }) => name === 'lane skip')!
  assert.deepEqual(readInput(skip, { pool: 'a', to: 5 }), { pool: 'a', to: 5 })
  assert.throws(() => readInput(skip, { pool: 'a', to: 1.5 }), /--to: expected a whole number/)
  assert.throws(() => readInput(skip, { pool: ['a'], to: 5 }), /POOL: expected a pool's name/)
  assert.throws(() => readInput(skip, { pool: 'a', to: 5, toString: 1 }), /'lane skip' has no parameter 'toString'/)
  const clients = COMMANDS.find(({ name }) => name === 'clients')!
  assert.deepEqual(readInput(clients, { all: false }), { all: false })
})

test('help: the index, a group, one command with its parameters', () => {
  assert.equal(helpFor([], COMMANDS).split('\n').length, COMMANDS.length + 1)
  assert.deepEqual(
    helpFor(['lane'], COMMANDS)
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/)[0]),
    ['lane pause POOL', 'lane resume POOL', 'lane skip POOL --to SEQ', 'lane show POOL'],
  )
  const skip = helpFor(['lane', 'skip'], COMMANDS)
  for (const part of [
    'lane skip POOL --to SEQ\n',
    'Give up what waits',
    'asked before',
    '\n  POOL      Such as',
    '\n  --to SEQ  The last',
  ]) {
    assert.ok(skip.includes(part), `${part} in ${skip}`)
  }
  assert.throws(() => helpFor(['nix'], COMMANDS), /there is no command 'nix'/)
})

test('each command says what it is, and one that changes something says what it will do', () => {
  for (const { name, summary, parameters, result, changes, asks, will } of COMMANDS) {
    assert.match(summary, /^[^A-Z].*[^.]$/, name)
    for (const { doc } of Object.values(parameters)) assert.match(doc, /[^.]$/, name)
    assert.ok(Object.keys(result).length > 0, `${name} describes its result`)
    assert.equal(changes, will !== undefined, name)
    assert.ok(changes || !asks, name)
  }
  const names = COMMANDS.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  assert.equal(usageOf(COMMANDS.find(({ name }) => name === 'messages')!), 'messages TOPIC [--since TIME] [--limit N]')
})

const lanes = [
  { pool: 'pgsql.pool1', state: 'up' },
  { pool: 'redis.pool1', state: 'down' },
]
const gateway = { forward: { lanes: () => lanes } } as unknown as Gateway

test('completion: words of commands, options, what the gateway has', () => {
  const offered = (line: string): string[] =>
    completionOf(line.split(' '), COMMANDS, { gateway, face: FACE }).map(({ word }) => word)
  assert.deepEqual(offered('la'), ['lanes', 'lane'])
  assert.deepEqual(offered('lane '), ['pause', 'resume', 'skip', 'show'])
  assert.deepEqual(offered('lane sk'), ['skip'])
  assert.deepEqual(offered('lane skip '), ['pgsql.pool1', 'redis.pool1'])
  assert.deepEqual(offered('lane skip r'), ['redis.pool1'])
  assert.deepEqual(offered('acl '), ['add', 'remove', 'try']) // acl itself is a command, too
  assert.deepEqual(offered('acl add '), ['read', 'write', 'readwrite', 'deny'])
  assert.deepEqual(offered('user add bob -'), ['--json', '--data'])
  assert.deepEqual(offered('lane skip --to 3 p'), ['pgsql.pool1'])
  assert.deepEqual(offered('lane skip pgsql.pool1 -'), ['--to', '--json', '--data'])
  assert.deepEqual(offered('lane skip pgsql.pool1 --to '), [])
  assert.deepEqual(offered('lane skip pgsql.pool1 '), [])
  assert.deepEqual(offered('nix '), [])
  assert.deepEqual(completionOf(['lane', 'pause', ''], COMMANDS), [])
})

test('tables: declared columns, numbers to the right, no row without its place', () => {
  const rows = [
    { name: 'a', size: 1536, since: new Date(Date.now() - 90_000).toISOString(), more: 1 },
    { name: 'bb', size: 20, since: null, more: null },
  ]
  const columns = ['name', { key: 'size', as: 'bytes' }, { key: 'since', as: 'ago' }, 'more'] as const
  assert.equal(
    render(rows, { columns }),
    ['name    size  since       more', 'a     1.5 KB  1m 30s ago     1', 'bb      20 B  -              -', ''].join(
      '\n',
    ),
  )
  assert.equal(render({ n: 2 }, { did: (result) => `${(result as { n: number }).n} done.` }), '2 done.\n')
  assert.equal(render([], {}), '(none)\n')
})

test('sizes and durations for eyes', () => {
  assert.deepEqual([0, 1023, 1024, 2 ** 20 * 1.5, 2 ** 40 * 300].map(bytesForEyes), [
    '0 B',
    '1023 B',
    '1.0 KB',
    '1.5 MB',
    '300 TB',
  ])
  assert.deepEqual([0, 999, 61_000, 90_061_000].map(durationForEyes), ['0s', '0s', '1m 1s', '1d 1h'])
})
