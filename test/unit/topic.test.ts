import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FilterTrie, filterFault, TopicTrie, topicFault, topicMatches } from '../../src/model/topic.ts'

// the examples of MQTT 3.1.1 section 4.7, and its corners
const MATCHES: [filter: string, topic: string, matches: boolean][] = [
  ['sport/tennis/player1/#', 'sport/tennis/player1', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
  ['sport/#', 'sport', true],
  ['#', 'a/b', true],
  ['#', '/', true],
  ['sport/tennis/+', 'sport/tennis/player1', true],
  ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
  ['sport/+', 'sport', false],
  ['sport/+', 'sport/', true],
  ['+/+', '/finance', true],
  ['/+', '/finance', true],
  ['+', '/finance', false],
  ['#', '$SYS/x', false],
  ['+/monitor/Clients', '$SYS/monitor/Clients', false],
  ['$SYS/#', '$SYS/x', true],
  ['$SYS/monitor/+', '$SYS/monitor/Clients', true],
  ['a/b', 'a/B', false],
  ['a//b', 'a//b', true],
  ['a/+/b', 'a//b', true],
  ['constructor', 'constructor', true],
  ['__proto__/+', '__proto__/x', true],
]

test('a filter matches as MQTT says, alone and in both tries', () => {
  for (const [filter, topic, wanted] of MATCHES) {
    assert.equal(topicMatches(filter, topic), wanted, `${filter} over ${topic}`)
    const filters = new FilterTrie<number>()
    filters.add(filter, 1)
    assert.equal(filters.match(topic).length, wanted ? 1 : 0, `FilterTrie: ${filter} over ${topic}`)
    const topics = new TopicTrie<number>()
    topics.set(topic, 1)
    assert.equal(topics.match(filter).length, wanted ? 1 : 0, `TopicTrie: ${filter} over ${topic}`)
  }
})

test('what was removed matches no more, what shares its path does', () => {
  const filters = new FilterTrie<string>()
  filters.add('a/b', 'x')
  filters.add('a/b', 'y')
  filters.add('a/+', 'z')
  filters.remove('a/b', 'x')
  filters.remove('never/there', 'x')
  assert.deepEqual(filters.match('a/b').sort(), ['y', 'z'])
  filters.remove('a/b', 'y')
  filters.remove('a/+', 'z')
  assert.deepEqual(filters.match('a/b'), [])

  const topics = new TopicTrie<number>()
  topics.set('a', 1)
  topics.set('a/b', 2)
  assert.equal(topics.delete('a'), true)
  assert.equal(topics.delete('a'), false)
  assert.deepEqual(topics.match('#'), [2])
  assert.equal(topics.size, 1)
})

test('the trie and the plain match agree on random filters', () => {
  const levels = ['a', 'b', '', '$x', '+']
  const pick = (list: string[]): string => list[Math.floor(Math.random() * list.length)]!
  const make = (words: string[]): string =>
    Array.from({ length: 1 + Math.floor(Math.random() * 4) }, () => pick(words)).join('/')
  for (let i = 0; i < 5000; i++) {
    const filter = Math.random() < 0.3 ? `${make(levels)}/#` : make(levels)
    const topic = make(levels.slice(0, 4))
    const filters = new FilterTrie<number>()
    const topics = new TopicTrie<number>()
    filters.add(filter, 1)
    topics.set(topic, 1)
    const wanted = topicMatches(filter, topic) ? 1 : 0
    assert.equal(filters.match(topic).length, wanted, `FilterTrie: ${filter} over ${topic}`)
    assert.equal(topics.match(filter).length, wanted, `TopicTrie: ${filter} over ${topic}`)
  }
})

test('faults of filters and topics', () => {
  for (const filter of ['', 'a/#/b', 'a#', '#a', 'a+/b', 'a\0b']) assert.ok(filterFault(filter), filter)
  for (const filter of ['#', '+', 'a/+/b/#', '/', '$SYS/#']) assert.equal(filterFault(filter), undefined)
  for (const topic of ['', 'a/+', '#', 'a\0']) assert.ok(topicFault(topic), topic)
  assert.equal(topicFault('a/b//'), undefined)
})

test('a filter that two hundred thousand subscribed to', () => {
  const filters = new FilterTrie<number>()
  for (let n = 0; n < 200_000; n++) {
    filters.add('#', n)
    filters.add('t', n)
  }
  assert.equal(filters.match('t').length, 400_000)
})
