import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cassaTables } from '../contract/subjects/cassa.ts'
import { cassandraMissing, startCassandra } from '../helpers/cassandra.ts'
import { until } from '../helpers/gateway.ts'
import { outage } from './outage.ts'

outage({
  kind: 'cassa',
  database: 'Cassandra',
  skip: cassandraMissing(),
  goes: 'kill9',
  start: startCassandra,
  conf: (text, { port }) => text.replace('127.0.0.1:9042', `127.0.0.1:${port}`),
  prepare: (server) => server.query('create table conn (clientid text primary key)', [], 'mqtt'),
  remote(server) {
    const { rows, insertForeign } = cassaTables((text, values) => server.query(text, values, 'mqtt'))
    const byId = (a: { msgid: string | null }, b: typeof a): number => (a.msgid! < b.msgid! ? -1 : 1)
    const messages = async () => (await rows('mqtt_msg')).sort(byId) // across partitions there is no other order
    return {
      rows: (table) => (table === 'mqtt_msg' ? messages() : rows(table)) as ReturnType<typeof rows<typeof table>>,
      insertForeign,
      keys: async () => (await messages()).map(({ msgid }) => msgid),
    }
  },
  more(scene) {
    const query = (text: string) => scene.server.query(text, [], 'mqtt')

    test('a custom statement ran for each client', async () => {
      await scene.gateway.forwarded()
      const rows = await query('select clientid from conn')
      assert.deepEqual(rows.map(({ clientid }) => clientid).sort(), [...new Set(scene.connects)].sort())
    })

    test('an unsubscription runs the statement that forgets the position; the next subscription begins anew', async () => {
      await scene.bob.mqtt.unsubscribeAsync('news/b')
      await until('the position is gone', async () => {
        const left = await query("select topic from acked where client_id = 'bob'")
        return left.map(({ topic }) => topic).join() === 'news/a'
      })
      await scene.say('news/a', 'a18')
      await scene.bob.hears(16)
      assert.equal(scene.bob.heard().at(-1), 'news/a=a18')
    })

    test('rows that others wrote are read: messages, a retained one', async () => {
      const old = '2PguFrHsrzEvIIBdctmb' // an id that EMQX made
      await query(
        `insert into msg (topic, msgid, sender, qos, retain, payload, arrived)
         values ('hello', '${old}', 'test', 1, 0, 'Hello world!', '2017-02-14 09:07:13.785+0000')`,
      )
      await query(`insert into retain (topic, msgid) values ('hello', '${old}')`)
      await scene.say('hello', 'and new')
      await scene.gateway.forwarded()
      const fred = await scene.connect('fred')
      await fred.mqtt.subscribeAsync('hello', { qos: 1 })
      await fred.hears(2)
      assert.deepEqual(fred.heard().sort(), ['hello!=Hello world!', 'hello=and new'])
    })
  },
})
