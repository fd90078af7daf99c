// Users and access rules as `holdfast check` sees them: every fault with its place, and what most likely is not meant.

import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkConfig, loadAccess } from '../../src/gateway/load.ts'
import { etcWith } from './etc-folder.ts'

const HASH = '$scrypt$ln=10,r=8,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA'
const LISTENER = 'listener.tcp.default = 127.0.0.1:1883'

/** @returns what check says, without the folder */
function check(files: Readonly<Record<string, string>>): string[] {
  const etc = etcWith(files)
  for (const name of Object.keys(files)) chmodSync(join(etc, name), 0o600)
  return checkConfig(etc).text.replaceAll(`${etc}/`, '').split('\n').slice(0, -1)
}

const conf = (...lines: string[]): string => [LISTENER, ...lines, ''].join('\n')

test('rules and users as they should be', () => {
  const rules = 'user ada\ntopic #\ntopic deny x\n'
  assert.deepEqual(check({ 'holdfast.conf': conf('auth.admins = ada'), passwd: `ada:${HASH}`, 'acl.conf': rules }), [])
})

test('every fault of both files, with its place', () => {
  const told = check({ passwd: 'ada', 'acl.conf': 'topic deny a/#/b\nusers x' })
  assert.deepEqual(told, [
    "acl.conf:1:12: no topic filter: '#' stands alone and in the last level only",
    "acl.conf:2:1: expected topic, pattern or user, not 'users' (did you mean user?)",
    'passwd:1:1: expected name:hash (holdfast passwd NAME writes such a line)',
  ])
})

const TLS = join(import.meta.dirname, '../helpers/tls')

test('a file of rules that somebody named must be there', () => {
  assert.deepEqual(check({ 'holdfast.conf': conf('acl.file = mine.conf') }), [
    'mine.conf:1:1: the file of acl.file is not there',
  ])
})

test('a name by certificate needs the certificate', () => {
  const listener = 'listener.ssl.x'
  const told = check({
    'holdfast.conf': conf(
      `${listener} = 127.0.0.1:8883`,
      `${listener}.certfile = ${TLS}/cert.pem`,
      `${listener}.keyfile = ${TLS}/key.pem`,
      `${listener}.use_identity_as_username = on`,
    ),
  })
  assert.deepEqual(told, ['holdfast.conf:5:1: it needs listener.ssl.x.verify = on: else a name proves nothing'])
})

test('what is most likely not meant', () => {
  assert.deepEqual(check({ 'acl.conf': 'user ada\ntopic read #\n', passwd: `bob:${HASH}` }), [
    'acl.conf:1:1: warning: these rules forbid nothing: acl.nomatch = allow (acl.nomatch = deny forbids what no line names)',
    'acl.conf:1:6: warning: there is no user ada in passwd',
  ])
  assert.deepEqual(
    check({ 'holdfast.conf': conf('auth.anonymous = off', 'auth.admins = ada, bob', 'acl.nomatch = deny') }),
    [
      'holdfast.conf:2:1: warning: nobody is let in: there are no users (holdfast passwd NAME)',
      'holdfast.conf:3:1: warning: there is no user ada in passwd',
      'holdfast.conf:3:1: warning: there is no user bob in passwd',
      'holdfast.conf:4:1: warning: nobody may do anything: there are no rules in acl.conf',
    ],
  )
})

test('users that others may read or change', () => {
  const etc = etcWith({ passwd: `ada:${HASH}` })
  chmodSync(join(etc, 'passwd'), 0o644)
  assert.match(checkConfig(etc).text, /passwd:1:1: warning: everybody on this machine may read or change the users/)
})

test('faults of plugins do not keep users and rules from being read', () => {
  const etc = etcWith({
    'plugins/emqx_backend_pgsql.conf': 'nonsense',
    loaded_plugins: 'emqx_backend_pgsql',
    passwd: `ada:${HASH}`,
  })
  assert.equal(checkConfig(etc).errors, 1)
  assert.deepEqual([...loadAccess(etc).users.keys()], ['ada'])
})
