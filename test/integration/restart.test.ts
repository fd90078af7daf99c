// `restart`, `reboot`, `factory-reset`: what they leave, and that the gateway is there again.

import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { doReset } from '../../src/gateway/factory-reset.ts'
import { type GatewayFiles, GatewayProcess, until } from '../helpers/gateway.ts'
import { Browser } from '../helpers/http.ts'
import { RawClient } from '../helpers/raw-client.ts'

const SQLITE = `backend.sqlite.pool1.database = one.db
backend.sqlite.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`
const CONF: GatewayFiles = { conf: 'web.listen = 127.0.0.1:0', plugins: { sqlite: SQLITE } }

/** Until it has said so once more. */
const again = (gateway: GatewayProcess, times = 2): Promise<unknown> =>
  until('it runs again', () => gateway.output.split('Holdfast is running.').length > times)

describe('restart', () => {
  const gateway = new GatewayProcess(CONF)
  before(() => gateway.start())
  after(() => gateway.remove())

  test('without a service manager it takes its own place; sessions and messages stay', async () => {
    const client = await RawClient.connect(gateway.port, { clientId: 'c', clean: false })
    await client.subscribe(['a', 1])
    await client.publish('b', 'x', { qos: 1, retain: true })
    const { pid } = gateway
    assert.deepEqual(await gateway.ctl('restart'), { restarts: true })
    await again(gateway)
    assert.equal(gateway.pid, pid)
    await until('the client is known', async () => (await gateway.ctl('client', 'show', 'c')).state === 'away')
    assert.equal((await gateway.ctl('messages', 'b')).length, 1)
    assert.match(gateway.output, /restart_asked_for/)
    assert.doesNotMatch(gateway.output, /execve/)
    assert.equal(await gateway.stop(), 0)
  })

  test('SIGTERM behind it: it ends, and stays so', async () => {
    await gateway.start()
    await gateway.ctl('restart')
    let isEnded = false
    void gateway.ended().then(() => {
      isEnded = true
    })
    gateway.signal('SIGTERM')
    await until('it has ended', () => isEnded)
  })

  test('under systemd it ends, with a code that says that it wants to be started', async () => {
    gateway.env = { NOTIFY_SOCKET: '/nowhere' }
    await gateway.start()
    await gateway.ctl('restart')
    assert.equal(await gateway.ended(), 75)
  })
})

describe('reboot', () => {
  const gateway = new GatewayProcess()
  const bin = join(gateway.root, 'bin')
  const done = join(gateway.root, 'done')
  const program = (name: string, does: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${does}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  before(async () => {
    mkdirSync(bin)
    gateway.env = { PATH: bin } // nothing here starts this machine anew
    await gateway.start()
  })
  after(() => gateway.remove())

  test('where nobody can, or it is not allowed: what the machine says, and the gateway goes on', async () => {
    await assert.rejects(gateway.ctl('reboot'), /systemctl: there is none; reboot: there is none\)\nhint: `restart`/)
    program('systemctl', 'echo "Access denied" >&2; exit 1')
    await assert.rejects(gateway.ctl('reboot'), /\(systemctl: Access denied; reboot: there is none\)/)
    await gateway.ctl('status')
  })

  test('by systemd where it may', async () => {
    program('systemctl', `echo "$@" > ${done}`)
    assert.deepEqual(await gateway.ctl('reboot'), { reboots: true })
    assert.equal(readFileSync(done, 'utf8'), '--no-ask-password reboot\n')
  })
})

describe('factory-reset', () => {
  /** With an account, a user, a certificate, a backup, a version, a message that waits, an embedded database. */
  async function used(): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(CONF)
    gateway.env = { NOTIFY_SOCKET: '/nowhere' } // it ends, and its next start is ours
    await gateway.start()
    const { url, code } = await gateway.web()
    const browser = new Browser(url)
    await browser.post('/api/v1/setup', { code, name: 'ada', password: 'correct horse' })
    await browser.post('/api/v1/token/create', { name: 'program' })
    const client = await RawClient.connect(gateway.port, { clientId: 'c', clean: false })
    await client.publish('a', 'x', { qos: 1, retain: true })
    await gateway.ctlAsked('tick', 'user', 'add', 'meter')
    mkdirSync(join(gateway.etc, 'certs'))
    writeFileSync(join(gateway.etc, 'certs', 'key.pem'), 'a key')
    await gateway.ctl('backup')
    await gateway.forwarded()
    return gateway
  }
  const shipped = readFileSync(new URL('../../etc/holdfast.conf', import.meta.url), 'utf8')

  /** What its next start does first. Then it would listen where a gateway as shipped does, which is everybody's place. */
  async function reset(gateway: GatewayProcess, ...words: string[]): Promise<void> {
    await gateway.ctl('factory-reset', ...words)
    assert.equal(await gateway.ended(), 75)
    assert.ok(doReset(gateway.etc, gateway.data))
    assert.equal(doReset(gateway.etc, gateway.data), undefined)
  }
  const listed = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))

  test('says what goes, and keeps nothing; then there is a one-time code again', async () => {
    const gateway = await used()
    try {
      const will = await gateway.holdfast('ctl', 'factory-reset', '--dry-run')
      assert.match(will, /certificates, 1 backups\. Removes the queue \(waiting at most: nothing\), 1 sessions/)
      assert.match(will, /Removes the embedded databases one\.db\. With --keep-queue/)
      await reset(gateway)
      assert.equal(readFileSync(join(gateway.etc, 'holdfast.conf'), 'utf8'), shipped)
      const names = listed(gateway.etc)
      assert.ok(!names.some((name) => /passwd|operators|tokens|certs|acl/.test(name)), names.join())
      assert.ok(names.includes('plugins/emqx_backend_redis.conf'))
      assert.ok(!listed(gateway.data).some((name) => /one\.db|backups|config\/versions\/2/.test(name)))
      gateway.configure(CONF)
      await gateway.start()
      assert.match((await gateway.web()).code, /^\w{4}-\w{4}$/)
      assert.deepEqual(await gateway.ctl('clients', '--all'), [])
      assert.deepEqual(await gateway.ctl('messages', 'a'), [])
    } finally {
      await gateway.remove()
    }
  })

  test('the queue and the embedded database can stay', async () => {
    const gateway = await used()
    try {
      const { journal } = await gateway.ctl('storage')
      await reset(gateway, '--keep-queue')
      assert.ok(existsSync(join(gateway.data, 'one.db')))
      gateway.configure(CONF)
      await gateway.start()
      assert.equal((await gateway.ctl('storage')).journal, journal)
      assert.equal((await gateway.ctl('messages', 'a')).length, 1)
      assert.deepEqual(await gateway.ctl('operators'), [])
    } finally {
      await gateway.remove()
    }
  })

  test('it is the start that does it, before anything else; and not done, it says so', async () => {
    const gateway = await used()
    try {
      await gateway.ctl('factory-reset')
      await gateway.ended()
      writeFileSync(join(gateway.data, 'factory-reset.json'), 'half a no')
      await assert.rejects(gateway.start(), /the factory reset is not done yet: .*\nhint: each start tries it again/)
      assert.ok(existsSync(join(gateway.etc, 'operators')))
    } finally {
      await gateway.remove()
    }
  })
})
