import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LevelNode, LevelTree } from '../../src/model/level-tree.ts'
import { filterFault, topicFault, topicMatches } from '../../src/model/topic.ts'
import { FilterTrie, TopicTrie } from '../../src/model/topic-tries.ts'

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

test('the tries and the plain match agree, whatever is added and removed', () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  let state = seed
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
  const levels = ['a', 'b', '', '$x', '+']
  const make = (words: number): string => Array.from({ length: 1 + below(5) }, () => levels[below(words)]).join('/')
  for (let round = 0; round < 200; round++) {
    const [filters, topics] = [new FilterTrie<string>(), new TopicTrie<string>()]
    const [subscribed, retained] = [new Set<string>(), new Set<string>()]
    for (let step = 0; step < 60; step++) {
      const filter = below(3) === 0 ? `${make(5)}/#` : below(20) === 0 ? '#' : make(5)
      const topic = make(4)
      for (const [trie, there, path] of [
        [{ set: (f: string) => filters.add(f, f), delete: (f: string) => filters.remove(f, f) }, subscribed, filter],
        [{ set: (t: string) => topics.set(t, t), delete: (t: string) => topics.delete(t) }, retained, topic],
      ] as const) {
        const gone = below(3) > 0 ? undefined : [...there][below(there.size)]
        if (gone === undefined) {
          trie.set(path)
          there.add(path)
        } else {
          trie.delete(gone)
          there.delete(gone)
        }
      }
      const why = `seed ${seed}, round ${round}, step ${step}`
      const matching = [...subscribed].filter((one) => topicMatches(one, topic))
      assert.deepEqual(filters.match(topic).sort(), matching.sort(), `${why}: filters over ${topic}`)
      const matched = [...retained].filter((one) => topicMatches(filter, one))
      assert.deepEqual(topics.match(filter).sort(), matched.sort(), `${why}: topics under ${filter}`)
      assert.equal(topics.size, retained.size)
    }
  }
})

test('long filters that share nothing but their beginnings take two nodes each, and leave none behind', () => {
  const tree = new LevelTree<true>()
  const paths = Array.from({ length: 64 }, (_, n) =>
    Array.from({ length: 100 }, (_, i) => ((n >> (i % 6)) & 1 ? '+' : 'a')).join('/'),
  )
  for (const path of paths) tree.at(path).value = true
  assert.ok(nodes(tree.root) <= 2 * paths.length)
  for (const path of paths) {
    tree.find(path)!.value = undefined
    tree.prune(path)
  }
  assert.equal(nodes(tree.root), 1)
})

function nodes({ children }: LevelNode<true>): number {
  return 1 + [...(children?.values() ?? [])].reduce((sum, child) => sum + nodes(child), 0)
}

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
