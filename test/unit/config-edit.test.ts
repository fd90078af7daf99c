// A conf file changed by its lines: everything else stays to the byte; secrets are hidden and found again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hideSecrets, revealHidden, setKey, unsetKey } from '../../src/config/edit.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
const set = (text: string, key: string, value: string): string => setKey(bytes(text), key, value).toString()
const isSecret = (key: string): boolean => key.endsWith('password')

test('a key that is set gets the other value in its place', () => {
  assert.equal(set('# a\n a.b =  1  \nc = 2\n', 'a.b', '3 4'), '# a\n a.b =  3 4  \nc = 2\n')
  assert.equal(set('a=1\r\nb=2\r\n', 'a', 'x'), 'a=x\r\nb=2\r\n')
  assert.equal(set('a = 1', 'a', '2'), 'a = 2')
  assert.equal(set('a =\n', 'a', '2'), 'a =2\n')
  assert.equal(set('a = 1\na = 2\n', 'a', '3'), 'a = 1\na = 3\n') // the last one counts
  assert.equal(set('\ufeffa = 1\n', 'a', '2'), '\ufeffa = 2\n')
  assert.equal(set('a = 1\n', 'a', '$& ü ${x}'), 'a = $& ü ${x}\n')
})

test('a new key goes behind its commented example, else behind its relatives, else to the end', () => {
  const conf = '## Where\nlistener.tcp.default = 1\n\n## TLS\n## listener.ssl.default = 8883\n\nlog.level = info\n'
  assert.equal(
    set(conf, 'listener.ssl.default', '1884'),
    conf.replace('= 8883\n', '= 8883\nlistener.ssl.default = 1884\n'),
  )
  assert.equal(
    set(conf, 'listener.tcp.default.max_connections', '5'),
    conf.replace('default = 1\n', 'default = 1\nlistener.tcp.default.max_connections = 5\n'),
  )
  assert.equal(set(conf, 'web.listen', '80'), `${conf}web.listen = 80\n`)
  assert.equal(set('', 'a', '1'), 'a = 1\n')
  assert.equal(set('x = 1', 'a', '1'), 'x = 1\na = 1\n')
  assert.equal(set('a.b = 1', 'a.c', '2'), 'a.b = 1\na.c = 2\n')
  assert.equal(set('x = 1\r\n', 'a', '1'), 'x = 1\r\na = 1\r\n')
})

test('bytes that are no UTF-8, in a comment, stay', () => {
  const latin = Buffer.concat([bytes('# f'), Buffer.from([0xfc, 0xa0]), bytes('r\na = 1\n')])
  assert.deepEqual(setKey(latin, 'a', '2'), Buffer.concat([latin.subarray(0, -2), bytes('2\n')]))
  assert.equal(set('a = à\n', 'b', 'é'), 'a = à\nb = é\n')
})

test('unset takes every line of the key, and no comment', () => {
  assert.equal(unsetKey(bytes('# a = 0\na = 1\nab = 1\n a=2\n'), 'a')?.toString(), '# a = 0\nab = 1\n')
  assert.equal(unsetKey(bytes('# a = 0\n'), 'a'), undefined)
})

test('secrets are hidden, also in comments, and come back by their key', () => {
  const text = 'pool.user = me\npool.password = s3cret\n# pool.password = older\nother.password = env:PW\n'
  const shown = 'pool.user = me\npool.password = ***\n# pool.password = ***\nother.password = env:PW\n'
  assert.equal(hideSecrets(bytes(text), isSecret).toString(), shown)
  assert.equal(revealHidden(bytes(shown), bytes(text), isSecret).content.toString(), text)
  const edited = 'added = 1\n pool.password=***\npool.user = you\n'
  assert.deepEqual(revealHidden(bytes(edited), bytes(text), isSecret), {
    content: bytes('added = 1\n pool.password=s3cret\npool.user = you\n'),
    lost: [],
  })
  const twice = 'a.password = 1\na.password = 2\n'
  assert.equal(revealHidden(hideSecrets(bytes(twice), isSecret), bytes(twice), isSecret).content.toString(), twice)
})

test('a hidden secret that nobody knows is told, not written over', () => {
  const { lost } = revealHidden(bytes('x = 1\nnew.password = ***\n'), bytes('old.password = a\n'), isSecret)
  assert.deepEqual(lost, [{ key: 'new.password', line: 2 }])
})
