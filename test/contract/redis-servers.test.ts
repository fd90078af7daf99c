// Servers of Redis as they may be: with users and TLS, in trouble, behind sentinels, as a cluster.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { backend } from '../../src/backends/redis/index.ts'
import type { RedisSettings } from '../../src/backends/redis/settings.ts'
import type { Connected, Pool } from '../../src/model/backend.ts'
import { type BackendError, MarkConflict } from '../../src/model/errors.ts'
import type { Mark, Operation, RemoteMessage } from '../../src/model/operation.ts'
import { until } from '../helpers/gateway.ts'
import { freePort } from '../helpers/ports.ts'
import { type Exchange, startProxy } from '../helpers/proxy.ts'
import {
  RedisCluster,
  type RedisServer,
  type RedisServerOptions,
  redisMissing,
  Sentinels,
  startRedis,
} from '../helpers/redis.ts'
import { custom, History, insert, JOURNAL, moveTo } from './operations.ts'
import { redisSettings } from './subjects/redis.ts'
import { exact, failure, never, OPTIONS, payloadsOf } from './support.ts'

const TLS = new URL('../helpers/tls/', import.meta.url).pathname
const [CERT, KEY] = [`${TLS}cert.pem`, `${TLS}key.pem`]

describe('redis: servers as they may be', { skip: redisMissing() }, () => {
  const ends: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  async function start(options?: RedisServerOptions): Promise<RedisServer> {
    const server = await startRedis(options)
    ends.push(() => server.stop())
    return server
  }

  async function open(settings: RedisSettings): Promise<Pool> {
    const pool = await backend.open(OPTIONS, settings)
    ends.push(() => pool.close())
    return pool
  }

  async function connected(
    server: RedisServer,
    more: Partial<RedisSettings> = {},
  ): Promise<Pool & { told: Connected }> {
    const pool = await open(redisSettings([server], more))
    return Object.assign(pool, { told: await pool.connect(never) })
  }

  async function refusal(
    server: { readonly host: string; readonly port: number },
    more: Partial<RedisSettings> = {},
  ): Promise<BackendError> {
    const pool = await open(redisSettings([server], more))
    return failure(pool.connect(AbortSignal.timeout(10_000)))
  }

  const read = async (pool: Pool, filter: string): Promise<string[]> =>
    payloadsOf((await pool.read({ read: 'messages', filter }, AbortSignal.timeout(5000))) as RemoteMessage[])

  /** Until the pool has connected again, as a lane does. */
  const again = (pool: Pool): Promise<Connected> =>
    until('connected again', () => pool.connect(AbortSignal.timeout(2000)), 20_000)

  const classOf = ({ errorClass, code }: BackendError): string[] => [errorClass, code]

  describe('who may come in', () => {
    test('a password, and a user with one', async () => {
      const server = await start({
        conf: ['requirepass public', 'user bob on >secret ~* &* +@all'],
        login: { password: 'public' },
      })
      assert.equal((await connected(server, { password: 'public' })).told.exactlyOnce, true)
      assert.equal((await connected(server, { username: 'bob', password: 'secret' })).told.exactlyOnce, true)
      for (const wrong of [
        {},
        { password: 'wrong' },
        { username: 'bob', password: 'public' },
        { username: 'eve', password: 'public' },
      ]) {
        const error = await refusal(server, wrong)
        assert.equal(error.errorClass, 'denied', JSON.stringify(wrong))
        assert.match(error.hint ?? '', /username and password/)
      }
    })

    test('the number of the database', async () => {
      const server = await start()
      const [first, third] = [await connected(server), await connected(server, { database: 3 })]
      const history = new History()
      await third.write(history.events(insert(history.message('t', 'three'))), null, exact, never)
      assert.deepEqual([await read(first, 't'), await read(third, 't')], [[], ['three']])
      assert.deepEqual(classOf(await refusal(server, { database: 99 })), ['denied', 'NO_DATABASE'])
    })

    test('a user without the right to the mark works at least once, and says so', async () => {
      const server = await start({ conf: ['user bob on >secret ~mqtt:* &* +@all'] })
      const pool = await connected(server, { username: 'bob', password: 'secret' })
      assert.equal(pool.told.exactlyOnce, false)
      assert.match(pool.told.warnings[0] ?? '', /at least once/)
      assert.equal(await pool.mark(JOURNAL), null)
      const history = new History()
      const batch = history.events(insert(history.message('t', '1')))
      await pool.write(batch, null, exact, never)
      await pool.write(batch, null, { idempotent: true }, never)
      assert.deepEqual(await read(pool, 't'), ['1'])
    })

    test('a user without the right to a key, or to scripts, is denied, with what to do', async () => {
      const server = await start({
        conf: [
          'user bob on >secret ~mqtt:client:* ~holdfast_mark:* &* +@all',
          'user eve on >secret ~* &* +@all -@scripting',
        ],
      })
      const pool = await connected(server, { username: 'bob', password: 'secret' })
      const history = new History()
      const error = await failure(pool.write(history.events(insert(history.message('t', '1'))), null, exact, never))
      assert.deepEqual(classOf(error), ['denied', 'NOPERM'])
      assert.match(error.hint ?? '', /grant/)
      assert.deepEqual(classOf(await refusal(server, { username: 'eve', password: 'secret' })), ['denied', 'NOPERM'])
    })

    test('TLS, with a certificate that must be trusted', async () => {
      const port = await freePort()
      const conf = [
        `tls-port ${port}`,
        `tls-cert-file ${CERT}`,
        `tls-key-file ${KEY}`,
        `tls-ca-cert-file ${CERT}`,
        'tls-auth-clients no',
      ]
      const server = await start({ conf })
      const secure = { host: server.host, port }
      const pool = await open(redisSettings([secure], { ssl: true, cafile: CERT }))
      assert.equal((await pool.connect(never)).exactlyOnce, true)
      await pool.ping(never)
      const error = await refusal(secure, { ssl: true })
      assert.equal(error.errorClass, 'denied')
      assert.match(error.hint ?? '', /cafile/)
      await (await open(redisSettings([secure], { ssl: true, verify: false }))).connect(never)
    })
  })

  describe('in trouble', () => {
    test('nobody listens; a server that hangs; one that is killed and comes back', async () => {
      assert.equal((await refusal({ host: '127.0.0.1', port: await freePort() })).errorClass, 'transient')
      const server = await start({ conf: ['appendfsync always'] }) // else what it has answered may not be in the file yet
      const pool = await connected(server)
      const history = new History()
      const batch = history.events(insert(history.message('t', '1')))
      await pool.write(batch, moveTo(batch), exact, never)
      server.pause()
      const next = history.events(insert(history.message('t', '2')))
      const move = moveTo(next, moveTo(batch).to)
      for (const hanging of [
        (): Promise<unknown> => pool.write(next, move, exact, AbortSignal.timeout(300)),
        () => pool.ping(AbortSignal.timeout(300)),
        () => pool.read({ read: 'messages', filter: 't' }, AbortSignal.timeout(300)),
        () => pool.connect(AbortSignal.timeout(300)),
      ]) {
        assert.deepEqual(classOf(await failure(hanging())), ['transient', 'ABORTED'])
      }
      server.resume()
      await again(pool)
      await until('what was sent before is done after all', async () =>
        isDeepStrictEqual(await pool.mark(JOURNAL), move.to),
      )
      await server.kill9()
      assert.equal(
        (await failure(pool.write(history.events(insert(history.message('t', '3'))), null, exact, never))).errorClass,
        'transient',
      )
      assert.equal((await failure(pool.ping(never))).errorClass, 'transient')
      await server.start()
      await again(pool)
      assert.deepEqual(await pool.mark(JOURNAL), move.to)
      assert.deepEqual(await read(pool, 't'), ['1', '2'])
    })

    test('an answer that is lost: the mark tells, and nothing is written twice', async () => {
      const server = await start()
      const script: Exchange = { asked: () => (said) => /evalsha|\r\neval\r\n/i.test(said), answered: /^\$-1|^\*/ }
      const proxy = await startProxy(server, script)
      ends.push(() => proxy.close())
      const pool = await open(redisSettings([proxy]))
      await pool.connect(never)
      const history = new History()
      const batch = history.events(custom(['INCR once']), insert(history.message('t', '1')))
      const swallowed = proxy.swallowAnswer()
      assert.equal((await failure(pool.write(batch, moveTo(batch), exact, never))).errorClass, 'transient')
      await swallowed
      await pool.connect(never)
      assert.deepEqual(await pool.mark(JOURNAL), moveTo(batch).to)
      await assert.rejects(pool.write(batch, moveTo(batch), exact, never), MarkConflict)
      assert.equal(await server.ask('get', 'once'), '1')
    })

    test('a server without memory left, or without replicas that it wants, is waited for, with nothing done', async () => {
      const server = await start()
      const pool = await connected(server)
      const history = new History()
      const batch = history.events(insert(history.message('t', '1')), custom(['INCR once']))
      for (const [name, bad, good, code] of [
        ['maxmemory', '1', '0', 'OOM'],
        ['min-replicas-to-write', '1', '0', 'NOREPLICAS'],
      ] as const) {
        await server.ask('config', 'set', name, bad)
        assert.deepEqual(classOf(await failure(pool.write(batch, moveTo(batch), exact, never))), ['transient', code])
        await server.ask('config', 'set', name, good)
        assert.equal(await pool.mark(JOURNAL), null)
      }
      await pool.write(batch, moveTo(batch), exact, never)
      assert.equal(await server.ask('get', 'once'), '1')
    })

    test('a replica is passed over, and one that a master becomes is waited for', async () => {
      const master = await start()
      const replica = await start({ conf: [`replicaof ${master.host} ${master.port}`] })
      const pool = await open(redisSettings([replica, master]))
      await pool.connect(never)
      const history = new History()
      const batch = history.events(insert(history.message('t', '1')))
      await pool.write(batch, moveTo(batch), exact, never)
      await until('the replica has it', async () => (await read(pool, 't')).length === 1)
      await master.ask('zadd', 'mqtt:msg:t', 1, '0expired')
      assert.deepEqual(await read(pool, 't'), ['1'], 'reads may ask a replica')
      await master.ask('replicaof', replica.host, replica.port)
      const error = await failure(pool.write(history.events(insert(history.message('t', '2'))), null, exact, never))
      assert.deepEqual(classOf(error), ['transient', 'READONLY'])
      assert.equal((await failure(pool.connect(never))).errorClass, 'transient')
    })

    test('scripts that somebody has flushed are sent again', async () => {
      const server = await start()
      const pool = await connected(server)
      const history = new History()
      const write = (): Promise<void> => pool.write(history.events(custom(['INCR n'])), null, exact, never)
      await write()
      await server.ask('script', 'flush')
      await write()
      await write()
      assert.equal(await server.ask('get', 'n'), '3')
    })

    test('what the operator should know', async () => {
      const careless = await start({ conf: ['appendonly no', 'maxmemory 100mb', 'maxmemory-policy allkeys-lru'] })
      const { warnings } = (await connected(careless)).told
      assert.match(warnings.join('\n'), /appendonly yes[\s\S]*noeviction/)
      assert.deepEqual((await connected(await start())).told.warnings, [])
    })
  })

  test('sentinels: the new master is found, and goes on behind its mark', async () => {
    const sentinels = await Sentinels.start()
    ends.push(() => sentinels.stop())
    const plugin = { server: sentinels.addresses, sentinel: sentinels.name, 'msg.expired_after': 3600 }
    const named = redisSettings(sentinels.addresses, { type: 'sentinel', sentinel: sentinels.name })
    const [pool, other] = [await open(redisSettings([], { plugin })), await open(named)]
    assert.equal((await pool.connect(never)).exactlyOnce, true)
    await other.connect(never)
    const history = new History()
    let mark: Mark | null = null
    const write = async (payload: string): Promise<void> => {
      const batch = history.events(custom(['INCR count']), insert(history.message('t', payload)))
      await pool.write(batch, moveTo(batch, mark), exact, AbortSignal.timeout(5000))
      mark = moveTo(batch).to
    }
    await write('1')
    const old = await sentinels.master()
    await until('the replica has it', async () =>
      /slave0:.*lag=[01]\b/.test(String(await old.ask('info', 'replication'))),
    )
    await old.ask('wait', 1, 5000)
    const master = await sentinels.failOver()
    assert.notEqual(master, old)
    await again(pool)
    assert.deepEqual(await pool.mark(JOURNAL), mark)
    await write('2')
    assert.deepEqual(await read(pool, 't'), ['1', '2'])
    assert.equal(await master.ask('get', 'count'), '2')
    await again(other)
    assert.deepEqual(await read(other, 't'), ['1', '2'])
    assert.equal(
      (await failure((await open(redisSettings(sentinels.addresses, { type: 'sentinel' }))).connect(never))).code,
      'NO_MASTER',
    )
    const unknown = await open(redisSettings(sentinels.addresses, { type: 'sentinel', sentinel: 'nobody' }))
    assert.equal((await failure(unknown.connect(AbortSignal.timeout(5000)))).errorClass, 'transient')
  })

  test('sentinels that want a password of their own', async () => {
    const sentinels = await Sentinels.start('watchword')
    ends.push(() => sentinels.stop())
    const login = { sentinel: sentinels.name, sentinel_password: 'watchword' }
    const own = { type: 'sentinel', ...login } as const
    for (const settings of [
      redisSettings(sentinels.addresses, own),
      redisSettings(sentinels.addresses, { ...own, sentinel_username: 'default' }),
      redisSettings([], { plugin: { server: sentinels.addresses, ...login } }),
    ]) {
      assert.equal((await (await open(settings)).connect(never)).exactlyOnce, true)
    }
    for (const wrong of [{ sentinel_password: undefined }, { sentinel_password: 'no' }, { sentinel_username: 'eve' }]) {
      const error = await failure((await open(redisSettings(sentinels.addresses, { ...own, ...wrong }))).connect(never))
      assert.deepEqual(classOf(error), ['denied', 'SENTINEL_AUTH'])
      assert.match(error.hint!, /sentinel_password/)
    }
  })

  describe('a cluster', () => {
    async function cluster(
      more: Partial<RedisSettings> = {},
    ): Promise<{ servers: RedisCluster['servers']; pool: Pool; told: Connected }> {
      const started = await RedisCluster.start()
      ends.push(() => started.stop())
      const pool = await open(redisSettings(started.servers.slice(0, 2), { type: 'cluster', ...more }))
      return { servers: started.servers, pool, told: await pool.connect(never) }
    }

    test('says what it does not guarantee; commands run in order; what is refused is named; a node that was away comes back', async () => {
      const { servers, pool, told } = await cluster({ database: 1 })
      assert.equal(told.exactlyOnce, false)
      assert.match(told.warnings.join('\n'), /at least once[\s\S]*only database 0/)
      const history = new History()
      const write = (batch: readonly Operation[]): Promise<void> =>
        pool.write(batch, null, exact, AbortSignal.timeout(5000))
      await write(
        history.events(
          custom(['RPUSH log ?', 'a b'], ['SET other ?', Buffer.from([0xff, 0])]),
          insert(history.message('t', '1')),
          custom(['RPUSH log 2']),
        ),
      )
      const ask = async (command: string, key: string, ...rest: (string | number)[]): Promise<unknown> => {
        for (const server of servers) {
          const answer = await server.ask(command, key, ...rest).catch((error: Error) => error)
          if (!(answer instanceof Error)) return answer
        }
        throw new Error(`no node has ${key}`)
      }
      assert.deepEqual(await ask('lrange', 'log', 0, -1), ['a b', '2'])
      assert.equal(await ask('strlen', 'other'), 2)

      const across = await failure(
        write(history.events(insert(history.message('t', '2')), custom(['MSET a 1 b 2 c 3']))),
      )
      assert.deepEqual([...classOf(across), across.operation], ['permanent', 'CROSSSLOT', 1])
      await ask('set', 'mqtt:retain:x', 'no hash')
      const put = { do: 'retain.put', message: history.message('x', '1'), node: 'n1' } as const
      const refused = await failure(
        write(history.events(insert(history.message('t', '3')), put, insert(history.message('u', '4')))),
      )
      assert.deepEqual([...classOf(refused), refused.operation], ['permanent', 'WRONGTYPE', 1])

      const batch = history.events(...Array.from({ length: 50 }, (_, n) => insert(history.message(`n/${n}`, `${n}`))))
      await servers[2]!.kill9()
      assert.equal((await failure(pool.write(batch, null, exact, AbortSignal.timeout(8000)))).errorClass, 'transient')
      await servers[2]!.start()
      await until('written', async () => {
        await again(pool)
        await pool.write(batch, null, { idempotent: true }, AbortSignal.timeout(5000))
        return true
      })
      for (let n = 0; n < 50; n++) assert.deepEqual(await read(pool, `n/${n}`), [`${n}`])
    })

    test('a server that is no cluster is denied', async () => {
      const error = await refusal(await start(), { type: 'cluster' })
      assert.deepEqual(classOf(error), ['denied', 'NO_CLUSTER'])
    })
  })
})
