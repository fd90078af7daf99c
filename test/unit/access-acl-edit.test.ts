import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAcl } from '../../src/access/acl.ts'
import { type Scope, withoutRule, withRule } from '../../src/access/acl-edit.ts'
import { Faults } from '../../src/config/fault.ts'

const FILE = `# who may what
topic read news/#

# the meter
user meter
topic write site/+/power
pattern readwrite own/%c/#
user ada
`

const added = (scope: Scope, text = FILE): string =>
  withRule(Buffer.from(text), { scope, access: 'deny', filter: 'x/#' }).toString()
const without = (line: number, text = FILE): string | undefined => withoutRule(Buffer.from(text), line)?.toString()

test('a rule goes behind the last one of its scope; nothing else changes', () => {
  const behind = (line: string, rule: string): string => FILE.replace(`${line}\n`, `${line}\n${rule}\n`)
  assert.equal(added('anonymous'), behind('topic read news/#', 'topic deny x/#'))
  assert.equal(added({ user: 'meter' }), behind('topic write site/+/power', 'topic deny x/#'))
  assert.equal(added('everybody'), behind('pattern readwrite own/%c/#', 'pattern deny x/#'))
  assert.equal(added({ user: 'ada' }), behind('user ada', 'topic deny x/#'))
  assert.equal(added({ user: 'bob' }), `${FILE}\nuser bob\ntopic deny x/#\n`)
})

test('into a file without such rules, or without an end of its last line', () => {
  assert.equal(added({ user: 'bob' }, ''), 'user bob\ntopic deny x/#\n')
  assert.equal(added('everybody', ''), 'pattern deny x/#\n')
  assert.equal(added('anonymous', ''), 'topic deny x/#\n')
  assert.equal(added('everybody', 'user a\ntopic b'), 'user a\ntopic b\npattern deny x/#\n')
  assert.equal(added('anonymous', '# head\nuser a\ntopic b\n'), '# head\ntopic deny x/#\nuser a\ntopic b\n')
})

test('what was added is what the rules say then', () => {
  for (const scope of ['anonymous', 'everybody', { user: 'ada' }, { user: 'bob' }] as const) {
    for (const text of ['', FILE, 'user a', 'topic a\nuser ada\ntopic b\nuser c\ntopic d\nuser ada\n']) {
      const faults = new Faults()
      const { anonymous, users, patterns } = parseAcl('acl.conf', Buffer.from(added(scope, text)), faults)
      const own = scope === 'anonymous' ? anonymous : scope === 'everybody' ? patterns : users.get(scope.user)
      assert.deepEqual(own?.at(-1), { access: 'deny', filter: 'x/#' })
      assert.deepEqual(faults.list, [])
    }
  }
})

test('a rule is taken out, with the line of its user when it was the only one', () => {
  assert.equal(without(2), FILE.replace('topic read news/#\n', ''))
  assert.equal(without(7), FILE.replace('pattern readwrite own/%c/#\n', ''))
  assert.equal(without(2, 'user a\ntopic b\nuser c\ntopic d\n'), 'user c\ntopic d\n')
  assert.equal(without(4, 'user a\ntopic b\nuser c\ntopic d\n'), 'user a\ntopic b\n')
  for (const line of [1, 3, 5, 8, 9, 99]) assert.equal(without(line), undefined)
})

test('bytes of comments, and of names, stay what they are', () => {
  const comment = Buffer.from('# f\xfcr alle\n', 'latin1')
  const content = Buffer.concat([comment, Buffer.from('topic read gr\u00fcn\nuser j\u00f6rg\ntopic a\n')])
  const more = withRule(content, { scope: { user: 'j\u00f6rg' }, access: 'read', filter: 'bl\u00e4tter/#' })
  assert.deepEqual(more, Buffer.concat([content, Buffer.from('topic read bl\u00e4tter/#\n')]))
  assert.deepEqual(withoutRule(more, 5), content)
})
