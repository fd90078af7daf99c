// What commands answer is what their schemas promise: the API is described by them, and pages are made of them.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { COMMANDS, findCommand, inputSchema } from '../../src/gateway/commands.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'

const SQLITE = `backend.sqlite.pool1.database = one.db
backend.sqlite.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
backend.sqlite.hook.message.publish.2 = {"topic": "bad", "action": {"sql": "select nonsense(1)"}, "pool": "pool1"}
`
const gateway = new GatewayProcess({ plugins: { sqlite: SQLITE, pgsql: 'backend.pgsql.pool1.server = 127.0.0.1:1\n' } })
const ajv = new Ajv2020({ strictTypes: false, formats: { 'date-time': true } })

after(() => gateway.remove())
before(async () => {
  await gateway.passwd('anna', 'secret')
  await gateway.start()
  const client = await Client.connect(gateway.url, 'c', { clean: false, username: 'anna', password: 'secret' })
  await client.subscribe('#')
  for (const topic of ['good', 'bad', 'bad', 'bad']) await client.publish(topic, 'x', 1, true)
  await until('dead letters', async () => (await gateway.ctl('dead', 'list')).length === 3)
  await client.end()
})

/** In this order; one for each command that a gateway in a test can run. */
const CALLS: readonly string[][] = `
status
storage
clock
trend hour
pools
lanes
clients --all
client show c
topics
messages #
client forget c
plugins list
plugins reload emqx_backend_sqlite
plugins unload emqx_backend_pgsql
plugins load emqx_backend_pgsql
pool test sqlite.pool1
! pool test pgsql.pool1
pool schema sqlite.pool1
lane pause sqlite.pool1
lane resume sqlite.pool1
lane show sqlite.pool1
lane show pgsql.pool1
dead list
dead show 1
dead retry 1
dead drop 2
dead drop all
hook try --event {"hook":"message.publish","topic":"good","payload":"1"}
reload
users
user remove anna
acl
acl add read news/# --anonymous
acl remove 1
acl try publish a --user anna
config discard
log tail
log level info
config status
config set mqtt.max_inflight 7
config show --all
config files
config file get holdfast.conf
config diff
config check
config status
config commit --confirm 60
config status
config rollback
config set mqtt.max_inflight nonsense
! config check
config unset mqtt.max_inflight
config discard
config history
config restore 1
config set mqtt.max_inflight 8
config commit --confirm 60
config confirm
config file put acl.conf ${join(gateway.etc, 'loaded_plugins')}
config file delete acl.conf
backup b.tar.gz
backups
update status
restore b.tar.gz
backup remove b.tar.gz
operators
logins
tokens
`
  .trim()
  .split('\n')
  .map((line) => line.split(' '))

for (const [first, ...rest] of CALLS) {
  const isBad = first === '!' // it answers that something is wrong
  const words = isBad ? rest : [first!, ...rest]
  test(words.join(' '), async () => {
    const validate = ajv.compile(findCommand(words, COMMANDS).result)
    const result = await gateway[isBad ? 'badAnswer' : 'ctl'](...words, '--yes')
    assert.ok(validate(result), `${ajv.errorsText(validate.errors)} in ${JSON.stringify(result)}`)
  })
}

test('every schema is one', () => {
  for (const command of COMMANDS) {
    for (const schema of [command.result, inputSchema(command)]) assert.ok(ajv.validateSchema(schema), command.name)
  }
})

test('no command is forgotten here', () => {
  // what ends it, or needs a session of the page, a client that is connected, a secret
  const elsewhere =
    /^(client kick|lane skip|login end|restart|reboot|factory-reset|update (install|confirm|rollback)|operator .*|token .*|user (add|passwd))$/
  const called = new Set(CALLS.map((words) => words.join(' ')))
  const forgotten = COMMANDS.map(({ name }) => name).filter(
    (name) => !elsewhere.test(name) && ![...called].some((line) => `${line} `.startsWith(`${name} `)),
  )
  assert.deepEqual(forgotten, [])
})
