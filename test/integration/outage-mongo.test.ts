import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mongoCollections } from '../contract/subjects/mongo.ts'
import { until } from '../helpers/gateway.ts'
import { mongoMissing, startMongo } from '../helpers/mongo.ts'
import { outage, range } from './outage.ts'

outage({
  kind: 'mongo',
  database: 'MongoDB',
  skip: mongoMissing(),
  goes: 'kill9',
  start: startMongo,
  conf: (text, { port }) => text.replace('127.0.0.1:27017', `127.0.0.1:${port}`),
  remote: (server) => ({
    ...mongoCollections(() => server.db()),
    keys: async () => {
      const found = await server.db().collection('mqtt_msg').find().sort({ _id: 1 }).toArray()
      return found.map(({ _id }) => _id)
    },
  }),
  more(scene) {
    const payloads = async (of: string): Promise<string[]> => {
      const rows = await scene.remote.rows('mqtt_msg')
      return rows.filter(({ topic }) => topic === of).map(({ payload }) => `${payload}`)
    }

    test('a gateway that is killed with its transaction goes on at once, with nothing twice', async () => {
      for (const n of range(1, 300)) scene.say('burst', `${n}`).catch(() => {}) // what is not acknowledged by then never is
      await until('the first of them', async () => (await payloads('burst')).length > 0)
      await scene.gateway.kill9()
      const started = Date.now()
      await scene.gateway.start()
      await scene.gateway.forwarded()
      assert.ok(Date.now() - started < 15_000, `${Date.now() - started} ms`)
      const ids = (await scene.remote.rows('mqtt_msg')).map(({ msgid }) => msgid)
      assert.equal(new Set(ids).size, ids.length)
      const stored = await payloads('burst')
      assert.deepEqual(stored, [...new Set(stored)])
      const acknowledged = scene.published.filter(({ msg }) => msg.startsWith('burst=')).length
      assert.ok(stored.length >= acknowledged, `${stored.length} stored, ${acknowledged} acknowledged`)
    })

    test('documents that were there before are fetched: messages, a position, a retained one', async () => {
      const db = scene.server.db()
      const old = { msgid: 'AAVEwm0la4RufgAABeIAAQ==', sender: 'x', qos: 1, retain: 1, arrived: scene.began / 1000 }
      const at = Number((await scene.remote.keys()).at(-1))
      const rows = range(1, 3).map((n) => {
        return { ...old, _id: at + n, topic: 'old', msgid: `${old.msgid}${n}`, payload: `from before ${n}` }
      })
      await db.collection<{ _id: number }>('mqtt_msg').insertMany(rows)
      await db.collection('mqtt_retain').insertOne({ ...old, topic: 'old/kept', payload: 'kept' })
      await db.collection('mqtt_acked').insertOne({ clientid: 'fred', topic: 'old', mongo_id: at + 1 })
      scene.pub = await scene.connect('pub')
      await scene.say('old', 'and new') // its number is taken already
      await scene.gateway.forwarded()
      const fred = await scene.connect('fred')
      await fred.mqtt.subscribeAsync({ old: { qos: 1 }, 'old/kept': { qos: 1 } })
      await fred.hears(4)
      assert.deepEqual(fred.heard('old'), ['old=from before 2', 'old=from before 3', 'old=and new'])
      assert.deepEqual(fred.heard('old/kept'), ['old/kept!=kept'])
      await until('the position', async () => {
        const acked = await scene.remote.rows('mqtt_acked')
        return acked.some(({ clientid, mid }) => clientid === 'fred' && Number(mid) > at + 3)
      })
    })
  },
})
