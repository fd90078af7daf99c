// The rules file, and its verdicts: against a plain model of what the lines say.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AclLine, parseAcl } from '../../src/access/acl.ts'
import { RuleBook, type Subject, type Verdict } from '../../src/access/rule-book.ts'
import { Faults, formatFault } from '../../src/config/fault.ts'
import { topicMatches } from '../../src/model/topic.ts'

function parse(text: string) {
  const faults = new Faults()
  const acl = parseAcl('acl.conf', Buffer.from(text), faults)
  return { acl, faults: faults.list.map(formatFault) }
}

test('general lines, user lines, patterns; spaces, comments, line ends as mosquitto takes them', () => {
  const { acl, faults } = parse(
    [
      '\ufefftopic read public/#',
      '  # a comment',
      'pattern write d/%c',
      'user  ada lovelace \t',
      'topic a/b',
      'topic\tdeny   a/c d ',
      'user bob',
      'pattern %u/x',
      'topic readwrite #',
      'user ada lovelace',
      'topic read/x',
    ].join('\r\n'),
  )
  assert.deepEqual(faults, [])
  assert.deepEqual(acl.anonymous, [{ filter: 'public/#', access: 'read' }])
  assert.deepEqual(
    [...acl.users],
    [
      [
        'ada lovelace',
        [
          { filter: 'a/b', access: 'readwrite' },
          { filter: 'a/c d', access: 'deny' },
          { filter: 'read/x', access: 'readwrite' },
        ],
      ],
      ['bob', [{ filter: '#', access: 'readwrite' }]],
    ],
  )
  assert.deepEqual(acl.patterns, [
    { filter: 'd/%c', access: 'write' },
    { filter: '%u/x', access: 'readwrite' },
  ])
  assert.equal(acl.length, 7)
})

test('every fault, with its place', () => {
  const { faults } = parse(
    [
      'topics a',
      ' user',
      'topic',
      'topic  read',
      'topic reed a/b',
      'topic deny a/#/b',
      'pattern a+/b',
      'topic write %c/x',
      'all',
      'topic \ud800',
    ].join('\n'),
  )
  const twice = '(a filter with a space needs it, too)'
  assert.deepEqual(faults, [
    "acl.conf:1:1: expected topic, pattern or user, not 'topics' (did you mean topic?)",
    "acl.conf:2:6: expected a user's name behind 'user'",
    "acl.conf:3:6: expected a topic filter behind 'topic'",
    "acl.conf:4:8: expected a topic filter behind 'read'",
    `acl.conf:5:7: expected read, write, readwrite or deny, not 'reed' ${twice}`,
    "acl.conf:6:12: no topic filter: '#' stands alone and in the last level only",
    "acl.conf:7:9: no topic filter: '+' stands alone in its level",
    "acl.conf:8:13: warning: %c stands for itself in a topic line ('pattern' puts the name in its place)",
    "acl.conf:9:1: expected topic, pattern or user, not 'all'",
  ])
})

describe('verdicts', () => {
  const book = new RuleBook(
    parse(`
      topic read open/#
      user ada
      topic a/#
      topic deny a/secret/#
      topic read r/+
      user bob
      topic deny #
      pattern write c/%c/#
      pattern u/%u/%c
      pattern deny u/ada/barred
      pattern deny never/%c/#
    `).acl,
  )
  const of = (username: string | null, clientid = 'c1') => book.of({ username, clientid })

  test('a line that denies wins, wherever it stands', () => {
    assert.equal(of('ada').judge('read', 'a/x'), 'allowed')
    assert.equal(of('ada').judge('read', 'a'), 'allowed')
    assert.equal(of('ada').judge('write', 'a/secret'), 'denied')
    assert.equal(of('ada').judge('write', 'r/x'), 'unnamed')
    assert.equal(of('ada', 'barred').judge('write', 'u/ada/barred'), 'denied')
    assert.equal(of('bob').judge('write', 'c/c1/x'), 'denied')
    assert.equal(of('ada').judge('read', '$SYS/a'), 'unnamed')
  })

  test('general lines are for those without a name, patterns for all', () => {
    assert.equal(of(null).judge('read', 'open/x'), 'allowed')
    assert.equal(of('ada').judge('read', 'open/x'), 'unnamed')
    assert.equal(of('eve').judge('write', 'c/c1/x'), 'allowed')
    assert.equal(of(null).judge('write', 'c/c1/x'), 'allowed')
    assert.equal(of(null).judge('write', 'u/%u/c1'), 'unnamed')
  })

  test('a name with +, # or / widens no pattern, and evades none that denies', () => {
    for (const name of ['+', '#', 'x/y', 'a+', '%u']) {
      assert.equal(of('ada', name).judge('write', 'c/c1/x'), 'unnamed', name)
      assert.equal(of(name, 'c1').judge('write', 'u/ada/c1'), 'unnamed', name)
    }
    assert.equal(of('ada', 'x/y').judge('write', 'c/x/y/z'), 'unnamed')
    assert.equal(of('ada', 'x/y').judge('write', 'never/x/y'), 'denied')
    assert.equal(of('ada', '#').judge('write', 'never/x'), 'unnamed')
    assert.equal(of('%c', 'c1').judge('write', 'u/c1/c1'), 'unnamed') // what was put in is not looked through again
    assert.equal(of('%c', 'c1').judge('write', 'u/%c/c1'), 'allowed')
  })

  test('a filter is refused when nothing behind it may be read', () => {
    const filters: [string | null, string, Verdict][] = [
      ['ada', '#', 'allowed'],
      ['ada', '+/x', 'allowed'],
      ['ada', 'a/secret/#', 'denied'],
      ['ada', 'a/secret/+/x', 'denied'],
      ['ada', 'a/secret', 'denied'],
      ['ada', 'a/+', 'allowed'],
      ['ada', 'c/c1/#', 'unnamed'], // write only
      ['ada', 'r/+/x', 'unnamed'],
      ['ada', 'r/#', 'allowed'],
      ['ada', '$SYS/#', 'unnamed'],
      ['bob', '#', 'denied'],
      ['bob', '$SYS/#', 'unnamed'],
      [null, 'open', 'allowed'],
      ['eve', '#', 'allowed'],
      ['eve', 'open/#', 'unnamed'],
    ]
    for (const [username, filter, verdict] of filters) {
      assert.equal(of(username).judgeFilter(filter), verdict, `${username} ${filter}`)
    }
  })
})

test('random rules, clients and topics, against a plain model', () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
  let state = seed
  const below = (count: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * count)
  }
  const any = <T>(items: readonly T[]): T => items[below(items.length)]!
  const levels = (words: readonly string[]): string[] => Array.from({ length: 1 + below(4) }, () => any(words))
  const filter = (words: readonly string[]): string => {
    const parts = levels([...words, '+'])
    return [...parts, ...(below(4) === 0 ? ['#'] : [])].join('/')
  }
  const names = ['a', 'b', 'c', '$s', '', 'a/b', '+', '%c', 'x+']
  const line = (words: readonly string[]): string => {
    const access = any(['', 'read ', 'write ', 'readwrite ', 'deny '])
    return `${access}${below(8) === 0 ? '#' : filter(words)}`
  }

  for (let round = 0; round < 300; round++) {
    const topicLines = Array.from({ length: below(8) }, () => `topic ${line(['a', 'b', 'c', '$s', 'a b'].slice(0, 4))}`)
    const patternLines = Array.from({ length: below(5) }, () => `pattern ${line(['a', 'b', '%c', '%u', 'x%c'])}`)
    const text = ['user ada', ...topicLines, ...patternLines].join('\n')
    const { acl, faults } = parse(text)
    const errors = faults.filter((fault) => !fault.includes('warning'))
    assert.deepEqual(errors, [], `seed ${seed}: ${text}`)
    const subject: Subject = {
      username: any([null, 'ada', 'b', 'a/b', '+', '%c']),
      clientid: any(names.filter(Boolean)),
    }
    const rules = new RuleBook(acl).of(subject)
    const model = new Model(acl, subject)
    for (let question = 0; question < 40; question++) {
      const topic = levels(['a', 'b', 'c', '$s', '', 'xa']).join('/') || 'a'
      const action = any(['read', 'write'] as const)
      const told = `seed ${seed}: ${JSON.stringify(subject)} ${action} ${topic}\n${text}`
      assert.equal(rules.judge(action, topic), model.judge(action, topic), told)
    }
    for (let question = 0; question < 5; question++) {
      const asked = below(6) === 0 ? '#' : filter(['a', 'b', 'c', '$s'])
      const verdict = rules.judgeFilter(asked)
      const readable = universe.filter(
        (topic) => topicMatches(asked, topic) && model.judge('read', topic) === 'allowed',
      )
      const told = `seed ${seed}: ${JSON.stringify(subject)} ${asked}\n${text}`
      // several lines that deny may together cover what one that allows names: that is granted, and brings nothing
      if (verdict === 'denied') assert.deepEqual(readable, [], told)
      if (verdict === 'unnamed') assert.deepEqual(readable, [], told)
      if (readable.length > 0) assert.equal(verdict, 'allowed', told)
    }
  }
})

/** Topics of up to four levels of few words. */
const universe: string[] = ['']
for (let depth = 0; depth < 4; depth++) {
  for (const topic of universe.filter((one) => one === '' || one.split('/').length === depth)) {
    for (const word of ['a', 'b', 'c', '$s']) universe.push(topic === '' ? word : `${topic}/${word}`)
  }
}
universe.shift()

/** Line by line, word by word. */
class Model {
  readonly #lines: readonly AclLine[]

  constructor(acl: ReturnType<typeof parseAcl>, { username, clientid }: Subject) {
    const own = username === null ? acl.anonymous : (acl.users.get(username) ?? [])
    const patterns = acl.patterns.flatMap(({ filter, access }) => {
      const dangerous = (name: string): boolean =>
        ['+', '#'].some((character) => name.includes(character)) || (access !== 'deny' && name.includes('/'))
      const put: string[] = []
      for (let at = 0; at < filter.length; at++) {
        const two = filter.slice(at, at + 2)
        if (two !== '%c' && two !== '%u') {
          put.push(filter[at]!)
          continue
        }
        const name = two === '%c' ? clientid : username
        if (name === null || dangerous(name)) return []
        put.push(name)
        at++
      }
      return [{ filter: put.join(''), access }]
    })
    this.#lines = [...own, ...patterns]
  }

  judge(action: 'read' | 'write', topic: string): Verdict {
    const matching = this.#lines.filter(({ filter }) => topicMatches(filter, topic)).map(({ access }) => access)
    if (matching.includes('deny')) return 'denied'
    return matching.some((access) => access === 'readwrite' || access === action) ? 'allowed' : 'unnamed'
  }
}
