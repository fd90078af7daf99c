// The contract: rows of the functions, written and read.

import assert from 'node:assert/strict'
import type { Message } from '../../src/model/event.ts'
import type { RemoteMessage } from '../../src/model/operation.ts'
import { AT, ack, insert } from './operations.ts'
import type { Subject } from './subjects.ts'
import { type Contract, messages, never, ODD_NAMES, PAYLOADS, payloadsOf, strip, write } from './support.ts'

export function rowSuite(subject: Subject, contract: Contract): void {
  contract('messages are stored in order and read as they were', async (bench, history) => {
    const sent = [1, 2, 3].map((n) => history.message('a/b', `m${n}`, { qos: n === 2 ? 2 : 1, retain: n === 3 }))
    await write(bench, history.events(...sent.map(insert)))
    assert.deepEqual(await messages(bench, { filter: 'a/b' }), sent.map(strip))
    const rows = await bench.sql('select msgid, sender, topic, qos, retain, payload from mqtt_msg order by id')
    assert.deepEqual(
      { ...rows[2] },
      {
        msgid: sent[2]!.msgid,
        sender: 'publisher',
        topic: 'a/b',
        qos: 1,
        retain: 1,
        payload: 'm3',
      },
    )
  })

  contract('a batch of thousands keeps its order', async (bench, history) => {
    const sent = Array.from({ length: 3000 }, (_, n) => history.message(`t/${n % 7}`, `${n}`))
    await write(bench, history.events(...sent.map(insert)))
    assert.deepEqual(
      payloadsOf(await messages(bench, { filter: 't/#' })),
      sent.map(({ payload }) => `${payload}`),
    )
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
    const tables = [
      'mqtt_client',
      'mqtt_msg',
      'mqtt_retain',
      'mqtt_acked',
      ...(subject.oldTables ? [] : ['mqtt_delivered']),
    ]
    const content = async (): Promise<unknown> =>
      Promise.all(tables.map((table) => bench.sql(`select * from ${table}`)))
    const before = await content()
    await write(bench, batch, true)
    assert.deepEqual(await content(), before)
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
    await bench.sql(`insert into mqtt_msg(msgid, topic, payload) values('${first.msgid}', 'a', 'theirs')`)
    await write(bench, history.events(insert(first), insert(second)), subject.oldTables)
    await write(bench, history.events(insert(second)), subject.oldTables)
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a' })), ['theirs', '2'])
  })

  contract('the state row follows connects and disconnects', async (bench, history) => {
    const online = { do: 'client.online', clientid: 'c', node: 'n1', at: AT } as const
    const offline = { do: 'client.offline', clientid: 'c', node: 'n1', at: AT + 1000 } as const
    const state = async (): Promise<unknown> => {
      const time = (name: string): string =>
        subject.kind === 'pgsql' ? `to_char(${name}, 'SS.MS')` : `strftime('%f', ${name})`
      const rows = await bench.sql(
        `select state, node, ${time('online_at')} as on_at, ${time('offline_at')} as off_at from mqtt_client`,
      )
      return rows.map((row) => ({ ...row }))
    }
    await write(bench, history.events(online))
    assert.deepEqual(await state(), [{ state: 1, node: 'n1', on_at: '05.678', off_at: null }])
    await write(bench, history.events(offline))
    assert.deepEqual(await state(), [{ state: 0, node: 'n1', on_at: '05.678', off_at: '06.678' }])
    await write(bench, history.events({ ...online, at: AT + 2000 }, offline, { ...online, at: AT + 3000 }))
    assert.deepEqual(await state(), [{ state: 1, node: 'n1', on_at: '08.678', off_at: null }])
    await write(bench, history.events({ ...online, at: AT + 4000 }, { ...offline, at: AT + 5000 }))
    assert.deepEqual(await state(), [{ state: 0, node: 'n1', on_at: '09.678', off_at: '10.678' }])
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
    assert.deepEqual(await read('a/1'), ['new'])
    assert.deepEqual(await read('a/#'), ['new', 'y'])
    await write(bench, history.events(put('a/1', 'newer'), drop('a/3')))
    assert.deepEqual(await read('a/+'), ['newer'])
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
    const sent = ['ab', 'b'].map((topic) => history.message(topic, topic))
    await write(bench, history.events(...sent.map(insert), ack('a', sent[1]!), ack('', sent[0]!)))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: '#', clientid: 'a' })), ['ab'])
    assert.deepEqual(payloadsOf(await messages(bench, { filter: '#', clientid: '' })), ['b'])
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

  contract('wildcards match as MQTT says', async (bench, history) => {
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
    await bench.sql(
      "insert into mqtt_sub(clientid, topic, qos) values('test', 'one', 1), ('test', 'two/#', 9), ('other', 'x', 0)",
    )
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
    await bench.sql("insert into mqtt_msg(topic, payload) values('a', 'foreign')")
    await write(bench, history.events(insert(history.message('a', 'own'))))
    const [foreign] = await messages(bench, { filter: 'a', clientid: 'c' })
    assert.equal(foreign!.payload.toString(), 'foreign')
    await write(bench, history.events(ack('c', strip({ ...foreign!, qos: 0 }))))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a', clientid: 'c' })), ['own'])
    await write(bench, history.events({ do: 'message.delete', msgid: foreign!.msgid, topic: 'a', clientid: 'c' }))
    assert.deepEqual(payloadsOf(await messages(bench, { filter: 'a' })), ['own'])
  })

  contract('any payload comes back as it was', async (bench, history) => {
    const sent = Object.entries(PAYLOADS).map(([name, payload]) => history.message(`p/${name}`, payload))
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
    for (const name of ODD_NAMES) {
      const message = history.message(name, name, { from: name })
      await write(bench, history.events(insert(message), { do: 'client.online', clientid: name, node: 'n1', at: AT }))
      await write(bench, history.events({ do: 'retain.put', message, node: 'n1' }))
      assert.deepEqual(
        await messages(bench, { filter: name.replaceAll('+', 'plus'), clientid: name }),
        name.includes('+') ? [] : [strip(message)],
      )
      await write(bench, history.events(ack(name, message)))
      assert.deepEqual(await messages(bench, { filter: '#', clientid: name }), [], name)
      await write(bench, history.events({ do: 'message.delete', msgid: message.msgid, topic: name, clientid: name }))
    }
    assert.equal((await bench.sql('select distinct clientid from mqtt_client')).length, ODD_NAMES.length)
  })
}
