// The contract: rows of the functions, written and read.

import assert from 'node:assert/strict'
import type { Message } from '../../src/model/event.ts'
import type { RemoteMessage } from '../../src/model/operation.ts'
import { AT, ack, insert } from './operations.ts'
import type { Subject } from './subject.ts'
import { type Contract, messages, never, ODD_NAMES, PAYLOADS, payloadsOf, strip, write } from './support.ts'

export function rowSuite(subject: Subject, contract: Contract): void {
  const inSteps = (ms: number): number => ms - (ms % subject.timeStepMs)
  const asRead = (message: Message): RemoteMessage => strip(message, subject)

  contract('messages are stored in order and read as they were', async (bench, history) => {
    const sent = [1, 2, 3].map((n) => history.message('a/b', `m${n}`, { qos: n === 2 ? 2 : 1, retain: n === 3 }))
    await write(bench, history.events(...sent.map(insert)))
    assert.deepEqual(await messages(bench, { filter: 'a/b' }), sent.map(asRead))
    const { msgid, at } = asRead(sent[2]!)
    assert.deepEqual(
      (await bench.rows('mqtt_msg')).find((row) => row.msgid === msgid),
      {
        msgid,
        sender: 'publisher',
        topic: 'a/b',
        qos: 1,
        retain: true,
        payload: Buffer.from('m3'),
        arrived: at,
      },
    )
  })

  contract('a batch of thousands keeps its order', async (bench, history) => {
    const sent = Array.from({ length: 3000 }, (_, n) => history.message(`t/${n % 7}`, `${n}`))
    await write(bench, history.events(...sent.map(insert)))
    for (const topic of ['t/0', 't/1', 't/6']) {
      assert.deepEqual(
        payloadsOf(await messages(bench, { filter: topic })),
        sent.filter((message) => message.topic === topic).map(({ payload }) => `${payload}`),
      )
    }
    assert.equal((await bench.rows('mqtt_msg')).length, sent.length)
  })

  contract('a batch that comes again changes nothing', async (bench, history) => {
    const [first, second] = [history.message('a', '1'), history.message('a', '2')]
    const delivered = { do: 'delivered.insert', clientid: 'c', topic: 'a', msgid: first.msgid, at: AT } as const
    const batch = history.events(
      { do: 'client.online', clientid: 'c', node: 'n1', at: AT },
      insert(first),
      { do: 'retain.put', message: first, node: 'n1' },
      insert(second),
      ack('c', first),
      delivered,
    )
    await write(bench, batch)
    const content = (): Promise<unknown[][]> => Promise.all(subject.tables.map((table) => bench.rows(table)))
    const before = await content()
    assert.deepEqual(
      before.map(({ length }) => length),
      subject.tables.map((table) => ({ mqtt_sub: 0, mqtt_msg: 2 })[table as string] ?? 1),
    )
    await write(bench, batch, true)
    assert.deepEqual(await content(), before)
  })

  contract('messages whose ids differ in case only are two', async (bench, history) => {
    const { msgid } = history.message('a', '')
    const [lower, upper] = ['1a', '1A'].map((end) =>
      history.message('a', end, { msgid: msgid.slice(0, -2) + end }),
    ) as [Message, Message]
    const all = history.events(insert(upper), insert(lower))
    await write(bench, all)
    await write(bench, all, true)
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a' })).sort(), ['1A', '1a'])
    await write(bench, history.events(ack('c', upper)))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a', clientid: 'c' })), ['1a'])
    const positions = new Map([['a', upper.msgid]])
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a', clientid: 'd', positions })), ['1a'])
    await write(bench, history.events({ do: 'message.delete', msgid: lower.msgid, topic: 'a', clientid: 'c' }))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a' })), ['1A'])
  })

  contract('two functions that store one message make one row', async (bench, history) => {
    const message = history.message('a', '1')
    await write(bench, [
      ...history.event(insert(message), insert(message)),
      ...history.events(insert(history.message('a', '2'))),
    ])
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a' })), ['1', '2'])
  })

  contract('a message that is there already is no error', async (bench, history) => {
    const [first, second] = [history.message('a', '1'), history.message('a', '2')]
    await bench.insertForeign({ into: 'mqtt_msg', msgid: first.msgid, topic: 'a', payload: 'theirs' })
    await write(bench, history.events(insert(first), insert(second)), !subject.uniqueMsgid)
    await write(bench, history.events(insert(second)), !subject.uniqueMsgid)
    const [there, ...rest] = payloadsOf(await messages(bench, { filter: 'a' }))
    if (subject.sql) assert.equal(there, 'theirs') // a kind that knows it by its key writes it over
    assert.deepEqual(rest, ['2'])
  })

  contract('the state row follows connects and disconnects', async (bench, history) => {
    const online = { do: 'client.online', clientid: 'c', node: 'n1', at: AT } as const
    const offline = { do: 'client.offline', clientid: 'c', node: 'n1', at: AT + 1000 } as const
    const state = (): Promise<unknown> => bench.rows('mqtt_client')
    const node = subject.stateHasNode === false ? null : 'n1'
    const row = (state: number, on: number, off: number | null): unknown[] => [
      { clientid: 'c', state, node, online_at: inSteps(on), offline_at: off === null ? null : inSteps(off) },
    ]
    await write(bench, history.events(online))
    assert.deepEqual(await state(), row(1, AT, null))
    await write(bench, history.events(offline))
    assert.deepEqual(await state(), row(0, AT, AT + 1000))
    await write(bench, history.events({ ...online, at: AT + 2000 }, offline, { ...online, at: AT + 3000 }))
    assert.deepEqual(await state(), row(1, AT + 3000, null))
    await write(bench, history.events({ ...online, at: AT + 4000 }, { ...offline, at: AT + 5000 }))
    assert.deepEqual(await state(), row(0, AT + 4000, AT + 5000))
  })

  contract('one retained message a topic, the last one; deletion is in order too', async (bench, history) => {
    const put = (topic: string, payload: string) =>
      ({ do: 'retain.put', message: history.message(topic, payload, { retain: true }), node: 'n1' }) as const
    const drop = (topic: string) => ({ do: 'retain.delete', topic }) as const
    await write(
      bench,
      history.events(put('a/1', 'old'), put('a/1', 'new'), put('a/2', 'x'), drop('a/2'), drop('a/3'), put('a/3', 'y')),
    )
    const read = async (filter: string): Promise<string[]> =>
      payloadsOf((await bench.pool.read({ read: 'retained', filter }, never)) as RemoteMessage[]).sort()
    assert.deepEqual(await Promise.all(['a/1', 'a/2', 'a/3'].map(read)), [['new'], [], ['y']])
    if (subject.wildcards) assert.deepEqual(await read('a/#'), ['new', 'y'])
    await write(bench, history.events(put('a/1', 'newer'), drop('a/3')))
    assert.deepEqual(await Promise.all(['a/1', 'a/2', 'a/3'].map(read)), [['newer'], [], []])
    if (subject.wildcards) assert.deepEqual(await read('a/+'), ['newer'])
    const [row] = (await bench.pool.read({ read: 'retained', filter: 'a/1' }, never)) as RemoteMessage[]
    assert.equal(row!.retain, true)
  })

  contract(
    'a position is the row of the message, found in the same batch too, and never goes back',
    async (bench, history) => {
      const sent = [1, 2, 3, 4].map((n) => history.message('a', `${n}`))
      const [one, two, three, four] = sent as [Message, Message, Message, Message]
      const rest = async (): Promise<string[]> => payloadsOf(await messages(bench, { filter: 'a', clientid: 'c' }))
      await write(bench, history.events(...[one, two, three].map(insert), ack('c', two)))
      assert.deepEqual(await rest(), ['3'])
      await write(bench, history.events(insert(four), ack('c', one)))
      assert.deepEqual(await rest(), ['3', '4'], 'went back')
      await write(bench, history.events(ack('c', four), ack('c', three)))
      assert.deepEqual(await rest(), [])
      await write(bench, history.events(ack('c', history.message('a', 'never stored'))))
      assert.deepEqual(await rest(), [], 'a message without a row')
      await write(
        bench,
        history.events(ack('c', two), { do: 'position.delete', clientid: 'c', topic: 'a' }, ack('c', three)),
      )
      assert.deepEqual(await rest(), ['4'], 'a position that was forgotten begins anew')
      assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a', clientid: 'other' })), ['1', '2', '3', '4'])
    },
  )

  contract('positions of client and topic are not mixed up', async (bench, history) => {
    const sent = ['bc', 'c'].map((topic) => history.message(topic, topic))
    await write(bench, history.events(...sent.map(insert), ack('ab', sent[1]!)))
    const rest = async (clientid: string): Promise<string[][]> =>
      Promise.all(['bc', 'c'].map(async (filter) => payloadsOf(await messages(bench, { filter, clientid }))))
    assert.deepEqual(await rest('a'), [['bc'], ['c']])
    assert.deepEqual(await rest('ab'), [['bc'], []])
    await write(bench, history.events(ack('a', sent[0]!)))
    assert.deepEqual(await rest('a'), [[], ['c']])
    assert.deepEqual(await rest('ab'), [['bc'], []])
  })

  contract('a message of a queue goes with its first acknowledgement', async (bench, history) => {
    const [one, two] = [history.message('q', '1'), history.message('q', '2')]
    const remove = ({ msgid, topic }: Message) => ({ do: 'message.delete', msgid, topic, clientid: 'c' }) as const
    await write(bench, history.events(insert(one), remove(one), insert(two)))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'q' })), ['2'])
    await write(bench, history.events(remove(two), remove(one)))
    assert.deepEqual(await messages(bench, { filter: 'q' }), [])
  })

  contract('a fetch is bounded by time, count, start and local positions', async (bench, history) => {
    const sent = [1, 2, 3, 4, 5].map((n) => history.message('a/b', `${n}`, { at: AT + n * 1000 }))
    await write(bench, history.events(...sent.map(insert)))
    const fetch = async (more: object): Promise<string[]> =>
      payloadsOf(await messages(bench, { filter: 'a/b', ...more }))
    assert.deepEqual(await fetch({ limit: 2 }), ['4', '5'], 'the newest, oldest first')
    assert.deepEqual(await fetch({ since: AT + 3000 }), ['3', '4', '5'])
    assert.deepEqual(await fetch({ clientid: 'c', start: 'latest' }), [])
    const ahead = { clientid: 'c', positions: new Map([['a/b', sent[2]!.msgid]]) }
    assert.deepEqual(await fetch(ahead), ['4', '5'])
    assert.deepEqual(await fetch({ ...ahead, start: 'latest' }), ['4', '5'])
    await write(bench, history.events(ack('c', sent[3]!)))
    assert.deepEqual(await fetch(ahead), ['5'], 'the further position counts')
    assert.deepEqual(await fetch({ clientid: 'c', start: 'latest' }), ['5'])
  })

  const wildcards: Contract = subject.wildcards ? contract : () => {}
  wildcards('wildcards match as MQTT says', async (bench, history) => {
    const topics = ['a', 'a/b', 'a/b/c', '/a', 'a/', '$SYS/a', 'a.b', 'a\nb/c', 'A', 'a/%', 'a/_']
    await write(bench, history.events(...topics.map((topic) => insert(history.message(topic, topic)))))
    const found = async (filter: string): Promise<string[]> => payloadsOf(await messages(bench, { filter }))
    assert.deepEqual(
      await found('#'),
      topics.filter((topic) => topic !== '$SYS/a'),
    )
    assert.deepEqual(await found('+'), ['a', 'a.b', 'A'])
    assert.deepEqual(await found('a/#'), ['a', 'a/b', 'a/b/c', 'a/', 'a/%', 'a/_'])
    assert.deepEqual(await found('a/+'), ['a/b', 'a/', 'a/%', 'a/_'])
    assert.deepEqual(await found('+/a'), ['/a'])
    assert.deepEqual(await found('+/+/c'), ['a/b/c'])
    assert.deepEqual(await found('$SYS/#'), ['$SYS/a'])
    assert.deepEqual(await found('a.b/+'), [])
    assert.deepEqual(await found('a'), ['a'])
    assert.deepEqual(await found('a/%'), ['a/%'])
  })

  contract('subscriptions of a client are read', async (bench) => {
    const others = [
      { clientid: 'test', topic: 'one', qos: 1 },
      { clientid: 'test', topic: 'two/#', qos: 9 },
      { clientid: 'other', topic: 'x', qos: 0 },
    ]
    for (const row of others) await bench.insertForeign({ into: 'mqtt_sub', ...row })
    const rows = await bench.pool.read({ read: 'subscriptions', clientid: 'test' }, never)
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [
        { topic: 'one', qos: 1 },
        { topic: 'two/#', qos: 9 },
      ],
    )
  })

  contract('rows that others wrote are read, also without what we would have written', async (bench, history) => {
    await bench.insertForeign({ into: 'mqtt_msg', topic: 'a', payload: 'foreign' })
    await write(bench, history.events(insert(history.message('a', 'own'))))
    const [foreign] = await messages(bench, { filter: 'a', clientid: 'c' })
    assert.equal(foreign!.payload.toString(), 'foreign')
    await write(bench, history.events(ack('c', { ...foreign! })))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a', clientid: 'c' })), ['own'])
    await write(bench, history.events({ do: 'message.delete', msgid: foreign!.msgid, topic: 'a', clientid: 'c' }))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a' })), ['own'])
  })

  contract('any payload comes back as it was', async (bench, history) => {
    const fitting = Object.entries(PAYLOADS).filter(([, { length }]) => length <= subject.maxPayloadBytes)
    const sent = fitting.map(([name, payload]) => history.message(`p/${name}`, payload))
    await write(bench, history.events(...sent.map(insert)))
    await write(bench, history.events(...sent.map((message) => ({ do: 'retain.put', message, node: 'n1' }) as const)))
    for (const { topic, payload } of sent) {
      const [stored] = await messages(bench, { filter: topic })
      assert.ok(stored!.payload.equals(payload), `${topic}, stored`)
      const [retained] = (await bench.pool.read({ read: 'retained', filter: topic }, never)) as RemoteMessage[]
      assert.ok(retained!.payload.equals(payload), `${topic}, retained`)
    }
  })

  contract('any name comes back as it was', async (bench, history) => {
    const fitting = ODD_NAMES.filter((name) => !subject.basicPlaneOnly || !/[\u{10000}-\u{10ffff}]/u.test(name))
    for (const name of fitting) {
      const topic = name.replaceAll('+', 'plus')
      const message = history.message(topic, name, { from: name })
      await write(bench, history.events(insert(message), { do: 'client.online', clientid: name, node: 'n1', at: AT }))
      await write(bench, history.events({ do: 'retain.put', message, node: 'n1' }))
      assert.deepEqual(await messages(bench, { filter: topic, clientid: name }), [asRead(message)])
      const retained = (await bench.pool.read({ read: 'retained', filter: topic }, never)) as RemoteMessage[]
      assert.deepEqual(payloadsOf(retained), [name])
      await write(bench, history.events(ack(name, message)))
      assert.deepEqual(await messages(bench, { filter: topic, clientid: name }), [], name)
      await write(bench, history.events({ do: 'message.delete', msgid: message.msgid, topic, clientid: name }))
      assert.deepEqual(await messages(bench, { filter: topic }), [], name)
    }
    assert.deepEqual((await bench.rows('mqtt_client')).map(({ clientid }) => clientid).sort(), fitting.sort())
  })
}
