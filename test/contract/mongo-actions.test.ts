// Custom actions on MongoDB, and payloads as documents: from the configuration's text to what is stored.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { parseStatement, plan } from '../../src/actions/actions.ts'
import { backend } from '../../src/backends/mongo/index.ts'
import type { Pool } from '../../src/model/backend.ts'
import type { Binding } from '../../src/model/binding.ts'
import { BackendError } from '../../src/model/errors.ts'
import type { EventDraft } from '../../src/model/event.ts'
import { EventIdSource } from '../../src/model/event-id.ts'
import type { Operation, RemoteMessage, Write } from '../../src/model/operation.ts'
import { type MongoServer, mongoMissing, startMongo } from '../helpers/mongo.ts'
import { AT, insert, JOURNAL, moveTo } from './operations.ts'
import { mongoSettings } from './subjects/mongo.ts'
import { exact, failure, never, OPTIONS, PAYLOADS } from './support.ts'

const ids = new EventIdSource(1)
let seq = 0

type Draft = Partial<EventDraft>

function operation(write: Write | null): Operation {
  return { seq: ++seq, id: ids.next(AT), binding: 1, write: write! }
}

function bound(of: Pick<Binding, 'action' | 'options'>, draft: Draft): Operation {
  const event = {
    hook: 'message.publish',
    clientid: 'c',
    topic: 'a/b',
    at: AT,
    trusted: true,
    qos: 1,
    ...draft,
  } as const
  const binding = { pool: 'mongo.pool1', hook: event.hook, order: 1, ...of } as const
  return operation(plan({ ...event, seq: seq + 1, id: ids.next(AT) }, binding, { node: 'n1' }))
}

/** One action of these statements, for one event. */
function action(statements: readonly object[], draft: Draft = {}): Operation {
  const parsed = statements.map((statement) => parseStatement(JSON.stringify(statement), 'mongo'))
  assert.deepEqual(
    parsed.flatMap(({ faults }) => faults),
    [],
  )
  return bound({ action: { statements: parsed.map(({ statement }) => statement) }, options: {} }, draft)
}

for (const replicaSet of [true, false]) {
  describe(`mongo actions, ${replicaSet ? 'in a replica set' : 'alone'}`, { skip: mongoMissing() }, () => {
    let server: MongoServer
    let pool: Pool

    before(async () => {
      server = await startMongo({ replicaSet })
      await backend.applySchema(OPTIONS, mongoSettings(server))
      pool = await backend.open(OPTIONS, mongoSettings(server))
      await pool.connect(never)
    })
    after(async () => {
      await pool.close()
      await server.stop()
    })
    const write = (...operations: Operation[]): Promise<void> => pool.write(operations, null, exact, never)
    const all = (collection: string) =>
      server
        .db()
        .collection(collection)
        .find({}, { projection: { _id: 0 } })
        .sort({ _id: 1 })
        .toArray()
    const scene = (name: string, body: () => Promise<void>): void => {
      test(name, async () => {
        for (const each of await server.db().collections()) await each.deleteMany({})
        await body()
      })
    }

    scene('values keep their types, and within a text become text', async () => {
      const document = {
        ...{ id: '${msgid}', c: '${clientid}', q: '${qos}', r: '${retain}', p: '${payload}', at: '${timestamp}' },
        ...{
          t: '${payload.t}',
          on: '${payload.on}',
          none: '${payload.none}',
          list: ['${payload.a[1]}', 7, true, null],
        },
        ...{
          big: '${payload.n}',
          said: '${clientid} says ${payload.t}°',
          when: { $date: '${timestamp}' },
          node: '${node}',
        },
      }
      const payload = Buffer.from('{"t":21.5,"on":false,"a":[1,"two"],"n":1700000000000000001}')
      const made = action([{ collection: 'typed', insertOne: document }], {
        payload,
        retain: true,
        clientid: "o'brien",
      })
      await write(made)
      const { id, ...row } = (await all('typed'))[0] as Record<string, unknown>
      assert.match(String(id), /^[0-9A-Za-z]{20}$/)
      assert.deepEqual(row, {
        ...{ c: "o'brien", q: 1, r: true, p: payload.toString(), at: AT, t: 21.5, on: false, none: null },
        ...{ list: ['two', 7, true, null], big: '1700000000000000001', said: "o'brien says 21.5°", when: new Date(AT) },
        node: 'n1',
      })
    })

    scene('a value is never an operator, a field or more than one value', async () => {
      const nasty = ['{"$gt":""}', '$where', '${topic}', '"},{"x":"', 'a.b', '\uFDD00\uFDD1']
      await write(
        ...nasty.map((clientid) => action([{ collection: 'log', insertOne: { who: '${clientid}' } }], { clientid })),
      )
      assert.deepEqual(
        (await all('log')).map(({ who }) => who),
        nasty,
      )
      for (const clientid of nasty)
        await write(action([{ collection: 'log', deleteOne: { who: '${clientid}' } }], { clientid }))
      assert.deepEqual(await all('log'), [])
    })

    scene('any payload is stored by the payload rule', async () => {
      const payloads = Object.values(PAYLOADS)
      await write(
        ...payloads.map((payload) => action([{ collection: 'raw', insertOne: { p: '${payload}' } }], { payload })),
      )
      for (const [n, { p }] of (await all('raw')).entries()) {
        const encoded = `data:;base64,${payloads[n]!.toString('base64')}`
        assert.ok(p === encoded || Buffer.from(p).equals(payloads[n]!), `${n}`)
      }
    })

    scene('insert, update, upsert and delete, in order, among the others', async () => {
      const message = {
        msgid: 'm1',
        topic: 'a',
        payload: Buffer.from('1'),
        qos: 1,
        retain: false,
        from: 'c',
        at: AT,
      } as const
      const count = {
        filter: { _id: '${clientid}' },
        update: { $inc: { n: 1 }, $set: { last: '${topic}' } },
        upsert: true,
      }
      await write(
        action([
          { collection: 'stats', updateOne: count },
          { collection: 'seen', insertOne: { step: 1 } },
        ]),
        operation(insert(message)),
        action([{ collection: 'stats', updateOne: count }], { topic: 'z' }),
        action([
          { collection: 'mqtt_msg', updateOne: { filter: { msgid: 'm1' }, update: { $set: { checked: true } } } },
        ]),
        action([
          { collection: 'seen', deleteOne: { step: 1 } },
          { collection: 'seen', insertOne: { step: 2 } },
        ]),
        action([
          {
            collection: 'stats',
            updateOne: { filter: { _id: 'c' }, update: [{ $set: { twice: { $multiply: ['$n', 2] } } }] },
          },
        ]),
      )
      assert.deepEqual(await all('stats'), [{ n: 2, last: 'z', twice: 4 }])
      assert.deepEqual(await all('seen'), [{ step: 2 }])
      assert.deepEqual(
        (await all('mqtt_msg')).map(({ msgid, checked }) => [msgid, checked]),
        [['m1', true]],
      )
    })

    scene('a refused action is permanent and names its operation', async () => {
      await server.db().dropCollection('small')
      await server.db().createCollection('small', { validator: { n: { $lt: 10 } } })
      const put = (topic: string) =>
        action([{ collection: 'small', insertOne: { n: '${payload.n}' } }], { payload: Buffer.from(`{"n":${topic}}`) })
      const message = {
        msgid: 'm2',
        topic: 'a',
        payload: Buffer.from('1'),
        qos: 1,
        retain: false,
        from: 'c',
        at: AT,
      } as const
      const batch = [put('1'), operation(insert(message)), put('10'), put('2')]
      const move = replicaSet ? moveTo(batch) : null
      const error = await failure(pool.write(batch, move, exact, never))
      assert.equal(error.errorClass, 'permanent')
      assert.equal(error.operation, 2)
      if (replicaSet) {
        assert.deepEqual([await all('small'), await all('mqtt_msg')], [[], []], 'everything is undone')
        assert.equal(await pool.mark(JOURNAL), null)
      }
      await write(put('3'))
      assert.equal((await all('small')).at(-1)!.n, 3, 'the connection goes on')
    })

    scene('what the server can not do is permanent', async () => {
      const { faults } = parseStatement('{"collection": "x", "updateOne": {"filter": {}, "update": {"n": 1}}}', 'mongo')
      assert.equal(faults.length, 1)
      for (const update of [
        { $nonsense: { a: 1 } },
        { $inc: { text: 'no number' } },
        { $set: { a: 1, 'a.b': 2 } },
        { $set: { _id: 9 } },
      ]) {
        await server.db().collection('x').deleteMany({})
        await server.db().collection('x').insertOne({ text: 'a' })
        const error = await failure(write(action([{ collection: 'x', updateOne: { filter: {}, update } }])))
        assert.equal(error.errorClass, 'permanent', `${error.code} ${error.message}`)
        assert.equal(error.operation, 0)
      }
      const twice = action([
        { collection: 'x', insertOne: { _id: 1 } },
        { collection: 'x', insertOne: { _id: 1 } },
      ])
      const error = await failure(write(twice))
      assert.ok(error instanceof BackendError && error.code === '11000', error.message)
    })

    scene('payload_format mongo_json: documents that can be queried, and come back byte by byte', async () => {
      const texts = [
        '{"t":21.5,"in":{"list":[1,"two",null,true]}}',
        '[1,{"a":2}]',
        '{ "spaced" : 1.0 }',
        '{"n":1700000000000000001}',
        '{"b":1,"b":2,"2":0,"1":0}',
        '{"$set":{"a":1}}',
        '{"a.b":1}',
        '{"_bsontype":"ObjectId","id":"x"}',
        '{"__proto__":{"x":1}}',
        '{"nul\\u0000":1}',
        '{"date":{"$date":1}}',
        `${'['.repeat(500)}${']'.repeat(500)}`,
        '21.5',
        '"text"',
        'null',
        '{"broken":',
        ' \n{"a":-0}',
      ]
      const payloads = [...texts.map((text) => Buffer.from(text)), ...Object.values(PAYLOADS)]
      const format = { payloadFormat: 'mongo_json' }
      for (const payload of payloads) {
        const topic = `t${payloads.indexOf(payload)}`
        const draft = { payload, topic, retain: payload.length > 0 }
        await write(
          bound({ action: { function: 'on_message_publish' }, options: format }, draft),
          ...(payload.length > 0 ? [bound({ action: { function: 'on_message_retain' }, options: format }, draft)] : []),
        )
        for (const read of ['messages', 'retained'] as const) {
          const [row] = (await pool.read({ read, filter: topic }, never)) as readonly RemoteMessage[]
          if (payload.length > 0) assert.ok(row!.payload.equals(payload), `${read} ${payload.subarray(0, 60)}`)
        }
      }
      const stored = await server
        .db()
        .collection('mqtt_msg')
        .find({ 'payload.t': { $gt: 20 } })
        .toArray()
      assert.deepEqual(
        stored.map(({ payload, payload_text }) => [payload, payload_text]),
        [[JSON.parse(texts[0]!), undefined]],
      )
      const kinds = await server.db().collection('mqtt_msg').find().sort({ _id: 1 }).limit(texts.length).toArray()
      assert.deepEqual(
        kinds
          .map(({ payload, payload_text }) =>
            typeof payload === 'string' ? 'text' : payload_text === undefined ? 'document' : 'both',
          )
          .join(),
        'document,document,both,both,both,text,text,text,text,text,text,text,text,text,text,text,both',
      )
    })

    scene('a retained document that a text replaces leaves nothing behind', async () => {
      const retain = (payload: string) =>
        bound(
          { action: { function: 'on_message_retain' }, options: { payloadFormat: 'mongo_json' } },
          { payload: Buffer.from(payload), retain: true },
        )
      await write(retain('{ "a": 1 }'))
      await write(retain('plain'))
      const [row] = (await pool.read({ read: 'retained', filter: 'a/b' }, never)) as readonly RemoteMessage[]
      assert.equal(`${row!.payload}`, 'plain')
    })
  })
}
