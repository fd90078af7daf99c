// What an operator sees of clients, topics and messages: by `ctl`, and by a subscription below $SYS.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { RawClient } from '../helpers/raw-client.ts'

const ROOT = '$SYS/brokers/holdfast@127.0.0.1'
const gateway = new GatewayProcess({
  conf: 'sys.interval = 1s\nlog.level = error',
  plugins: {
    sqlite:
      'backend.sqlite.pool1.database = mqtt.db\nbackend.sqlite.hook.message.publish.1 = {"topic": "stored/#", "action": {"function": "on_message_publish"}, "pool": "pool1"}',
  },
})
before(() => gateway.start())
after(() => gateway.remove())

const refused = async (...words: string[]): Promise<{ code: number; stderr: string }> =>
  gateway.holdfast('ctl', ...words).then(
    (said) => assert.fail(`not refused: ${said}`),
    ({ code, stderr }) => ({ code, stderr }),
  )

test('clients: those that are connected, and with --all the sessions whose clients are away', async () => {
  const reading = await RawClient.connect(gateway.port, { clientId: 'reading', username: 'anna', keepalive: 17 })
  await reading.subscribe(['news/#', 1], ['more', 0])
  const away = await RawClient.connect(gateway.port, { clientId: 'away', clean: false })
  await away.subscribe(['news/#', 1])
  await away.disconnect()
  const publisher = await RawClient.connect(gateway.port, { clientId: 'old', protocolId: 'MQIsdp', protocolVersion: 3 })
  for (const payload of ['1', '2']) await publisher.publish('news/today', payload, { qos: 1 })

  const connected = await gateway.ctl('clients')
  const { since, ...row } = connected.find(({ clientid }: { clientid: string }) => clientid === 'reading')
  assert.deepEqual(row, {
    clientid: 'reading',
    state: 'connected',
    address: '127.0.0.1',
    username: 'anna',
    listener: 'tcp:default',
    protocol: '3.1.1',
    keepalive: 17,
    clean: true,
    subscriptions: 2,
    inflight: 2,
    waiting: 0,
  })
  assert.ok(Math.abs(Date.parse(since) - Date.now()) < 60_000)
  assert.deepEqual(
    connected.map(({ clientid, protocol }: { clientid: string; protocol: string }) => [clientid, protocol]).sort(),
    [
      ['old', '3.1'],
      ['reading', '3.1.1'],
    ],
  )
  const all = await gateway.ctl('clients', '--all')
  const gone = all.find(({ clientid }: { clientid: string }) => clientid === 'away')
  assert.deepEqual([all.length, gone.state, gone.address, gone.waiting], [3, 'away', null, 2])
  assert.ok(Math.abs(Date.parse(gone.since) - Date.now()) < 60_000)

  const shown = await gateway.ctl('client', 'show', 'reading')
  assert.deepEqual(shown.subscriptions, [
    { filter: 'news/#', qos: 1 },
    { filter: 'more', qos: 0 },
  ])
  const table = (await gateway.holdfast('ctl', 'clients', '--all')).split('\n')
  assert.match(table[0]!, /^clientid +state +since +address +username +listener +protocol .* inflight +waiting$/)
  assert.ok(
    table.some((line) => /^away +away +\d+s ago +- +- +- +- +- +false +1 +0 +2$/.test(line)),
    table.join('\n'),
  )
  for (const client of [reading, publisher]) await client.drop()
})

test('client kick: the connection ends, the session stays; who is not there is said', async () => {
  const session = { clientId: 'kicked', clean: false }
  const client = await RawClient.connect(gateway.port, session)
  await client.subscribe(['t', 1])
  assert.deepEqual(await gateway.ctl('client', 'kick', 'kicked'), { kicked: 'kicked' })
  await client.ended()
  const twice = await refused('client', 'kick', 'kicked')
  assert.equal(twice.code, 1)
  assert.match(twice.stderr, /client 'kicked' is not connected\nhint: it has a session .*`clients --all`/)
  const unknown = await refused('client', 'kick', 'nobody')
  assert.match(unknown.stderr, /there is no client 'nobody', and no session of one\nhint: `clients --all` lists them/)
  assert.match((await refused('client', 'show', 'nobody')).stderr, /there is no client 'nobody'/)
  assert.equal((await refused('client', 'kick')).code, 2)
  assert.equal((await refused('clients', 'kicked')).code, 2)
  const again = await RawClient.connect(gateway.port, session)
  assert.equal(again.connack!.sessionPresent, true)
  await again.drop()
})

test('topics: filters with their subscribers, retained topics, those that a filter matches', async () => {
  const clients = [await RawClient.connect(gateway.port), await RawClient.connect(gateway.port)]
  for (const client of clients) await client.subscribe(['plant/+/temperature', 1], ['plant/#', 0])
  await clients[0]!.publish('plant/1/temperature', '21.5', { qos: 1, retain: true })
  await clients[0]!.publish('plant/2/temperature', 'x'.repeat(300), { qos: 2, retain: true })
  await clients[0]!.publish('office/temperature', '20', { qos: 1, retain: true })

  const { retained, ...rest } = await gateway.ctl('topics', 'plant/#')
  assert.deepEqual(rest, {
    filters: 2,
    retainedTopics: 2,
    subscribed: [
      { filter: 'plant/#', subscribers: 2 },
      { filter: 'plant/+/temperature', subscribers: 2 },
    ],
  })
  assert.deepEqual(
    retained.map(({ topic, bytes, qos }: Record<string, unknown>) => [topic, bytes, qos]),
    [
      ['plant/1/temperature', 4, 1],
      ['plant/2/temperature', 300, 2],
    ],
  )
  const few = await gateway.ctl('topics', '--limit', '1')
  assert.deepEqual([few.subscribed.length, few.retained.length, few.retainedTopics], [1, 1, 3])
  assert.match(
    await gateway.holdfast('ctl', 'topics'),
    /\nretained\n {2}topic +bytes +qos +from +at\n {2}office\/temperature /,
  )
  assert.match((await refused('topics', 'a/#/b')).stderr, /no topic filter/)
  assert.match(
    (await refused('topics', '--limit', '0')).stderr,
    /--limit: expected a whole number from 1 on, not '0'\nhint: topics \[FILTER\] \[--limit N\]/,
  )
  for (const client of clients) await client.drop()
})

test('messages: the newest of a filter, since a time; a long payload does not stretch the table', async () => {
  const client = await RawClient.connect(gateway.port, { clientId: 'writer' })
  for (let n = 0; n < 250; n++) await client.publish(`log/${n % 2}`, String(n), { qos: 1 })
  const payloads = async (...words: string[]): Promise<string[]> =>
    (await gateway.ctl('messages', ...words)).map(({ payload }: { payload: string }) => payload)
  assert.deepEqual(await payloads('log/1', '--limit', '3'), ['245', '247', '249'])
  assert.deepEqual((await payloads('log/#')).length, 100)
  assert.deepEqual(
    await payloads('log/0', '--since', '1h', '--limit', '1000'),
    [...Array(125).keys()].map((n) => `${2 * n}`),
  )
  assert.deepEqual(await payloads('log/0', '--since', new Date(Date.now() + 3_600_000).toISOString()), [])
  await client.publish('log/long', 'x'.repeat(5000), { qos: 1 })
  assert.match(await gateway.holdfast('ctl', 'messages', 'log/long'), / x{160}… \(5000 characters\)$/m)
  assert.match(
    (await refused('messages', 'log/0', '--since', 'soon')).stderr,
    /--since: expected a time such as 2h \(ago\) or 2026-/,
  )
  await client.drop()
})

test('$SYS: the figures are retained, and come again', async () => {
  const client = await Client.connect(gateway.url, 'watching')
  await client.mqtt.subscribeAsync('$SYS/#')
  const value = (name: string): string | undefined =>
    client.received.findLast(({ topic }) => topic === `${ROOT}/${name}`)?.payload.toString()
  await until('the figures', () => value('queue/full'))
  assert.equal(client.received.find(({ topic }) => topic === '$SYS/brokers')!.payload.toString(), 'holdfast@127.0.0.1')
  assert.deepEqual(
    [value('sysdescr'), value('queue/full'), value('clock/trusted') !== undefined],
    ['Holdfast', 'no', true],
  )
  assert.match(value('version')!, /^\d+\.\d+\.\d+$/)
  assert.match(value('datetime')!, /^20\d\d-\d\d-\d\dT.*Z$/)
  const uptime = Number(value('uptime'))
  await until('the next ones', () => Number(value('uptime')) > uptime)
  await until('itself among the connections', () => value('stats/connections/count') === '1')
  assert.equal(Number(value('stats/subscriptions/count')), (await gateway.ctl('topics')).filters)
  assert.equal(value('stats/retained/count'), '3')
  const received = ['metrics/messages/received', ...[0, 1, 2].map((qos) => `metrics/messages/qos${qos}/received`)]
  assert.deepEqual(received.map(value), ['256', '0', '255', '1'])
  for (const name of ['state', 'lag_events', 'lag_seconds', 'forwarded', 'dead_letters']) {
    assert.ok(value(`pools/sqlite.pool1/${name}`), name)
  }
  await gateway.ctl('plugins', 'unload', 'emqx_backend_sqlite')
  await until('a pool that is no more', () => value('pools/sqlite.pool1/state') === '')
  await client.end()
})

test('$SYS: who comes and goes, topics and fields as in EMQX', async () => {
  const watcher = await RawClient.connect(gateway.port)
  await watcher.subscribe([`${ROOT}/clients/+/connected`, 0], [`${ROOT}/clients/+/disconnected`, 0])
  const client = await RawClient.connect(gateway.port, { clientId: 'a/b+c', username: 'anna', clean: false })
  await watcher.received('publish')
  await client.disconnect()
  await watcher.received('publish', 2)
  const [came, went] = watcher.publishes.map(({ topic, payload }) => ({ topic, ...JSON.parse(payload.toString()) }))
  const { connected_at, ts, ...rest } = came
  assert.deepEqual(rest, {
    topic: `${ROOT}/clients/a%2Fb%2Bc/connected`,
    clientid: 'a/b+c',
    username: 'anna',
    ipaddress: '127.0.0.1',
    proto_ver: 4,
    keepalive: 60,
    clean_start: false,
    connack: 0,
  })
  assert.ok(connected_at <= ts)
  assert.deepEqual(
    [went.topic, went.clientid, went.reason],
    [`${ROOT}/clients/a%2Fb%2Bc/disconnected`, 'a/b+c', 'normal'],
  )
  const later = await RawClient.connect(gateway.port)
  await later.subscribe([`${ROOT}/clients/#`, 0], [`${ROOT}/version`, 0])
  await later.received('publish')
  assert.deepEqual(
    later.publishes.map(({ topic }) => topic),
    [`${ROOT}/version`],
  ) // not retained
  for (const client of [watcher, later]) await client.drop()
})

test('after a restart: sessions are away since they were, filters and retained topics are there', async () => {
  const rows = async (): Promise<[string, string, number][]> =>
    (await gateway.ctl('clients', '--all')).map((row: { clientid: string; state: string; waiting: number }) => [
      row.clientid,
      row.state,
      row.waiting,
    ])
  const sinceOf = async (): Promise<number> =>
    Date.parse(
      (await gateway.ctl('clients', '--all')).find((row: { clientid: string }) => row.clientid === 'away').since,
    )
  const [before, since, topics] = [await rows(), await sinceOf(), await gateway.ctl('topics')]
  assert.deepEqual(before.sort(), [
    ['a/b+c', 'away', 0],
    ['away', 'away', 2],
    ['kicked', 'away', 0],
  ])
  await gateway.stop()
  await gateway.start()
  await until('what waits', async () => JSON.stringify((await rows()).sort()) === JSON.stringify(before))
  assert.ok(Math.abs((await sinceOf()) - since) < 10_000)
  assert.deepEqual(await gateway.ctl('topics'), topics)
})

test('names with every kind of line end in them come through', async () => {
  const clientid = 'a\u2028b\u2029c\u0085d'
  const client = await RawClient.connect(gateway.port, { clientId: clientid })
  assert.equal((await gateway.ctl('client', 'show', clientid)).clientid, clientid)
  await client.disconnect()
})

test('client forget: the session of a client that is away is gone, also from the disk', async () => {
  const gone = new GatewayProcess()
  try {
    await gone.start()
    const client = await RawClient.connect(gone.port, { clientId: 'lost', clean: false })
    await client.subscribe(['news/#', 1])
    const publisher = await RawClient.connect(gone.port, { clientId: 'p' })
    await assert.rejects(gone.ctl('client', 'forget', 'lost'), /client 'lost' is connected\nhint: `client kick`/)
    await client.disconnect()
    await publisher.publish('news/1', 'x', { qos: 1 })
    await until('it waits', async () => (await gone.ctl('client', 'show', 'lost')).waiting === 1)
    const will = await gone.holdfast('ctl', 'client', 'forget', 'lost', '--dry-run')
    assert.match(will, /its subscriptions \(1\) and the messages that wait for it \(1\)/)
    assert.deepEqual(await gone.ctl('client', 'forget', 'lost'), { clientid: 'lost', subscriptions: 1, waiting: 1 })
    await gone.kill9()
    await gone.start()
    assert.deepEqual(await gone.ctl('clients', '--all'), [])
    const back = await RawClient.connect(gone.port, { clientId: 'lost', clean: false })
    assert.equal(back.connack?.sessionPresent, false)
    await assert.rejects(gone.ctl('client', 'forget', 'nobody'), /there is no client 'nobody'/)
  } finally {
    await gone.remove()
  }
})
