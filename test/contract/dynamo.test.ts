// What is DynamoDB's own in what is written and read: transactions of a hundred items, items of 400 KB, sets of ids.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MarkConflict } from '../../src/model/errors.ts'
import type { Message } from '../../src/model/event.ts'
import type { Mark, RemoteMessage, Write } from '../../src/model/operation.ts'
import { dynamoMissing, type Values } from '../helpers/dynamo.ts'
import { exception } from '../helpers/dynamo-front.ts'
import { DynamoRig } from './dynamo-rig.ts'
import { AT, ack, custom, insert, JOURNAL, moveTo } from './operations.ts'
import { exact, failure, never } from './support.ts'

const remove = ({ msgid, topic }: Message, clientid = 'c'): Write => ({ do: 'message.delete', msgid, topic, clientid })

describe('dynamo', { skip: dynamoMissing() }, () => {
  const rig = new DynamoRig()

  describe('transactions', () => {
    test('a batch that fits is one request, mark and messages in it', async () => {
      const pool = await rig.fresh()
      const batch = rig.history.events(
        ...Array.from({ length: 49 }, (_, n) => insert(rig.history.message(`t${n}`, `${n}`))),
      )
      await pool.write(batch, moveTo(batch), exact, never)
      assert.deepEqual(rig.front.asked, ['TransactWriteItems'])
      assert.equal((await rig.items('mqtt_msg')).length, 49)
    })

    test('a larger one puts its messages in bulk, and the rest in parts that each move the mark', async () => {
      const pool = await rig.fresh()
      const batch = rig.history.events(
        ...Array.from({ length: 250 }, (_, n) => insert(rig.history.message(`t${n}`, `${n}`))),
      )
      await pool.write(batch, moveTo(batch), exact, never)
      assert.equal(rig.front.asked.filter((operation) => operation === 'BatchWriteItem').length, 10)
      assert.equal(rig.front.asked.filter((operation) => operation === 'TransactWriteItems').length, 3)
      assert.equal((await rig.items('mqtt_msg')).length, 250)
      assert.deepEqual({ ...(await pool.mark(JOURNAL)) }, moveTo(batch).to)
      assert.deepEqual(await rig.messages(pool, 't249'), ['249'])
    })

    test('parts that were written before a failure are behind the mark', async () => {
      const pool = await rig.fresh()
      const batch = rig.history.events(
        ...Array.from({ length: 250 }, (_, n) => insert(rig.history.message(`t${n}`, `${n}`))),
      )
      let transactions = 0
      rig.front.fault = (operation) =>
        operation === 'TransactWriteItems' && ++transactions === 2 ? exception('InternalServerError') : undefined
      const move = moveTo(batch)
      assert.equal((await failure(pool.write(batch, move, exact, never))).errorClass, 'transient')
      const mark = (await pool.mark(JOURNAL))!
      const at = batch.findIndex(({ seq }) => seq === mark.seq)
      assert.deepEqual([at, batch[at]!.id.toString()], [98, mark.event])
      assert.deepEqual([await rig.messages(pool, 't98'), await rig.messages(pool, 't99')], [['98'], []])
      await assert.rejects(pool.write(batch, move, exact, never), MarkConflict)
      await pool.write(batch.slice(at + 1), moveTo(batch, mark), exact, never)
      assert.equal((await rig.items('mqtt_topic_msg_map')).length, 250)
      assert.equal((await rig.items('mqtt_msg')).length, 250)
    })

    test('a refusal behind parts that were written: the lane is sent to look, and then hears of it', async () => {
      const pool = await rig.fresh()
      const writes = Array.from({ length: 250 }, (_, n): Write => ({ do: 'retain.delete', topic: `t${n}` }))
      const batch = rig.history.events(...writes)
      const isBad = (item: { Delete?: { Key: Values } }): boolean => item.Delete?.Key.topic?.S === 't120'
      rig.front.fault = (operation, request) => {
        if (operation !== 'TransactWriteItems' || !request.TransactItems.some(isBad)) return undefined
        const CancellationReasons = request.TransactItems.map((item: object) =>
          isBad(item) ? { Code: 'ValidationError', Message: 'no' } : { Code: 'None' },
        )
        return exception('TransactionCanceledException', { CancellationReasons })
      }
      await assert.rejects(pool.write(batch, moveTo(batch), exact, never), MarkConflict)
      const mark = (await pool.mark(JOURNAL))!
      const rest = batch.filter(({ seq }) => seq > mark.seq)
      assert.equal(rest.length, 151)
      const error = await failure(pool.write(rest, moveTo(rest, mark), exact, never))
      assert.deepEqual([error.errorClass, rest[error.operation!]], ['permanent', batch[120]])
      assert.deepEqual({ ...(await pool.mark(JOURNAL)) }, mark)
    })

    test('an answer that is lost: the mark tells, and a batch that comes again all the same changes nothing', async () => {
      const pool = await rig.fresh()
      const batch = rig.history.events(insert(rig.history.message('a', '1')), insert(rig.history.message('a', '2')))
      rig.front.fault = (operation) => (operation === 'TransactWriteItems' ? 'lose' : undefined)
      const move = moveTo(batch)
      assert.equal((await failure(pool.write(batch, move, exact, never))).errorClass, 'transient')
      rig.front.fault = () => undefined
      assert.deepEqual({ ...(await pool.mark(JOURNAL)) }, move.to)
      await rig.write(pool, batch, true)
      assert.deepEqual(await rig.messages(pool, 'a'), ['1', '2'])
      assert.equal((await rig.items('mqtt_msg')).length, 2)
    })

    test('a large batch whose mark was moved by another shows nobody its messages', async () => {
      const pool = await rig.fresh()
      const first = rig.history.events(insert(rig.history.message('a', '1')))
      await pool.write(first, moveTo(first), exact, never)
      const batch = rig.history.events(...Array.from({ length: 200 }, () => insert(rig.history.message('a', 'x'))))
      await assert.rejects(pool.write(batch, moveTo(batch), exact, never), MarkConflict)
      assert.deepEqual(await rig.messages(pool, 'a'), ['1'])
    })

    test('an event is never split: its writes are in one transaction', async () => {
      const pool = await rig.fresh()
      const others = rig.history.events(
        ...Array.from({ length: 98 }, (_, n): Write => ({ do: 'retain.delete', topic: `t${n}` })),
      )
      const message = rig.history.message('a', '1')
      const last = rig.history.event(insert(message), { do: 'retain.put', message, node: 'n1' })
      let marks: Mark[] = []
      rig.front.fault = (operation, request) => {
        if (operation === 'TransactWriteItems') marks = [...marks, request.TransactItems.length]
        return undefined
      }
      await pool.write([...others, ...last], moveTo(last), exact, never)
      assert.deepEqual(marks, [99, 3])
    })

    test("another gateway's write on the same item is waited for", async () => {
      const pool = await rig.fresh()
      let conflicts = 3
      const reasons = [{ Code: 'None' }, { Code: 'TransactionConflict', Message: 'x' }]
      rig.front.fault = (operation) =>
        operation === 'TransactWriteItems' && conflicts-- > 0
          ? exception('TransactionCanceledException', { CancellationReasons: reasons })
          : undefined
      await rig.write(pool, rig.history.events(insert(rig.history.message('a', '1'))))
      assert.deepEqual(await rig.messages(pool, 'a'), ['1'])
      conflicts = Number.POSITIVE_INFINITY
      const error = await failure(rig.write(pool, rig.history.events(insert(rig.history.message('a', '2')))))
      assert.deepEqual([error.errorClass, error.code], ['transient', 'TransactionConflict'])
    })
  })

  describe('sets of ids', () => {
    const foreign = (count: number, from = 0): string[] =>
      Array.from({ length: count }, (_, n) => `00${from + n}`.padEnd(20, '-'))
    const addIds = async (topic: string, ids: string[]): Promise<void> => {
      await rig.server.db(rig.key()).updateItem({
        TableName: 'mqtt_topic_msg_map',
        Key: { topic: { S: topic } },
        UpdateExpression: 'ADD MsgId :ids',
        ExpressionAttributeValues: { ':ids': { SS: ids } },
      })
    }

    test('when a set is full the oldest leave it, which is counted; the new ones are in', async () => {
      const pool = await rig.fresh()
      const early = rig.history.message('full', 'early')
      await rig.write(pool, rig.history.events(insert(early)))
      const before = foreign(20_460)
      for (let at = 0; at < before.length; at += 5115) await addIds('full', before.slice(at, at + 5115))
      assert.deepEqual({ ...pool.counts }, { idsTrimmed: 0 })
      const late = Array.from({ length: 60 }, (_, n) => rig.history.message('full', `late ${n}`))
      await rig.write(pool, rig.history.events(...late.map(insert)))
      const ids = await rig.idsOf('full')
      assert.ok(ids.length > 10_000 && ids.length < 16_000, `${ids.length} are left`)
      for (const { msgid } of [early, ...late]) assert.ok(ids.includes(msgid), 'one of ours has left before theirs')
      assert.equal(pool.counts!.idsTrimmed, before.length + 61 - ids.length)
      assert.deepEqual(await rig.messages(pool, 'full', { limit: 1 }), ['late 59'])
      assert.equal((await rig.items('mqtt_msg')).length, 61)
    })

    test('what comes and what goes in one topic, at once', async () => {
      const pool = await rig.fresh()
      const [old, brief, late] = ['old', 'brief', 'new'].map((text) => rig.history.message('q', text))
      await rig.write(pool, rig.history.events(insert(old!)))
      rig.front.asked.length = 0
      await rig.write(pool, rig.history.events(insert(brief!), remove(old!), insert(late!), remove(brief!, 'd')))
      assert.deepEqual(await rig.idsOf('q'), [late!.msgid])
      assert.deepEqual(
        (await rig.items('mqtt_msg')).map(({ payload }) => payload!.S),
        ['new'],
      )
      const acked = (await rig.items('mqtt_acked')).map(({ clientid, msgid }) => [clientid!.S, msgid!.S])
      assert.deepEqual(acked.sort(), [
        ['c', old!.msgid],
        ['d', brief!.msgid],
      ])
      await rig.write(pool, rig.history.events(remove(late!)))
      assert.deepEqual(await rig.messages(pool, 'q'), [])
      assert.deepEqual(await rig.items('mqtt_msg'), [])
    })

    test('more than one page of messages, and an id without its message', async () => {
      const pool = await rig.fresh()
      const sent = Array.from({ length: 330 }, (_, n) => rig.history.message('a', `${n}`))
      await rig.write(pool, rig.history.events(...sent.map(insert)))
      await addIds('a', foreign(3))
      const all = sent.map(({ payload }) => `${payload}`)
      assert.deepEqual(await rig.messages(pool, 'a'), all)
      assert.deepEqual(await rig.messages(pool, 'a', { limit: 150 }), all.slice(-150))
      for (const { msgid } of sent.slice(230)) {
        await rig.server.db(rig.key()).deleteItem({ TableName: 'mqtt_msg', Key: { msgid: { S: msgid } } })
      }
      assert.deepEqual(await rig.messages(pool, 'a', { limit: 5 }), all.slice(225, 230), 'behind a page of nothing')
    })

    test('more bytes than an answer holds', async () => {
      const pool = await rig.fresh()
      const large = Array.from({ length: 50 }, (_, n) => rig.history.message('a', `${n}`.padEnd(390_000, '.')))
      await rig.write(pool, rig.history.events(...large.map(insert)))
      const read = await rig.messages(pool, 'a')
      assert.deepEqual(
        read.map((text) => Number.parseInt(text, 10)),
        large.map((_, n) => n),
      )
    })
  })

  describe('positions', () => {
    const put = async (msgid: string, arrived: number): Promise<Message> => {
      const message = rig.history.message('a', msgid)
      const db = rig.server.db(rig.key())
      const Item = { msgid: { S: msgid }, topic: { S: 'a' }, payload: { S: msgid }, arrived: { N: `${arrived}` } }
      await db.putItem({ TableName: 'mqtt_msg', Item })
      await db.updateItem({
        TableName: 'mqtt_topic_msg_map',
        Key: { topic: { S: 'a' } },
        UpdateExpression: 'ADD MsgId :ids',
        ExpressionAttributeValues: { ':ids': { SS: [msgid] } },
      })
      return { ...message, msgid }
    }
    const EMQX = 'Mjg4MTk1MDYwNTk0NjYwNzYzMTg4MDk3OTQ2MDU2Nzg1OTD'

    test('messages of others stand where their time of arrival puts them', async () => {
      const pool = await rig.fresh()
      const own = rig.history.message('a', 'own')
      await rig.write(pool, rig.history.events(insert(own)))
      const old = await put(EMQX, 1_562_308_553)
      const newer = await put('0newer', Math.floor(AT / 1000) + 100)
      const rest = (): Promise<string[]> => rig.messages(pool, 'a', { clientid: 'c' })
      assert.deepEqual(await rest(), [EMQX, 'own', '0newer'])
      await rig.write(pool, rig.history.events(ack('c', old)))
      assert.deepEqual(await rest(), ['own', '0newer'])
      await rig.write(pool, rig.history.events(ack('c', own)))
      assert.deepEqual(await rest(), ['0newer'], 'the text of the old position is greater')
      await rig.write(pool, rig.history.events(ack('c', newer)))
      await rig.write(pool, rig.history.events(ack('c', own), ack('c', old)))
      assert.deepEqual(await rest(), [], 'went back')
      assert.deepEqual(await rig.messages(pool, 'a', { clientid: 'd', positions: new Map([['a', own.msgid]]) }), [
        '0newer',
      ])
      assert.deepEqual(await rig.messages(pool, 'a', { since: AT - 1_000_000, limit: 1 }), ['0newer'])
    })

    test('a position that another gateway moves meanwhile does not go back', async () => {
      const pool = await rig.fresh()
      const [one, two, three] = ['1', '2', '3'].map((text) => rig.history.message('a', text))
      await rig.write(pool, rig.history.events(insert(one!), insert(two!), insert(three!), ack('c', one!)))
      const other = await rig.open()
      let raced = false
      const asked = async (): Promise<void> => rig.write(other, rig.history.events(ack('c', three!)))
      let racing: Promise<void> | undefined
      rig.front.fault = (operation) => {
        if (operation !== 'TransactWriteItems' || raced) return undefined
        raced = true
        racing = asked()
        return exception('TransactionCanceledException', {
          CancellationReasons: [{ Code: 'ConditionalCheckFailed', Message: 'x' }],
        })
      }
      await rig.write(pool, rig.history.events(ack('c', two!)))
      await racing
      await rig.write(pool, rig.history.events(ack('c', two!)))
      assert.deepEqual(await rig.messages(pool, 'a', { clientid: 'c' }), [])
      assert.equal((await rig.items('mqtt_acked'))[0]!.msgid!.S, three!.msgid)
    })
  })

  describe('what does not fit', () => {
    test('a message of 400 KB is refused and named, and nothing of its batch is written', async () => {
      const pool = await rig.fresh()
      const small = Array.from({ length: 120 }, () => insert(rig.history.message('a', 'x')))
      for (const payload of [Buffer.alloc(409_600, 'x'), Buffer.alloc(307_200, 0xff)]) {
        const batch = rig.history.events(...small, insert(rig.history.message('a', payload)), ...small)
        const error = await failure(pool.write(batch, moveTo(batch), exact, never))
        assert.deepEqual([error.errorClass, error.code, error.operation], ['permanent', 'TOO_LARGE', 120])
      }
      const message = rig.history.message('a', Buffer.alloc(409_600, 'x'))
      const retained = rig.history.event(insert(rig.history.message('a', 'y')), {
        do: 'retain.put',
        message,
        node: 'n1',
      })
      assert.equal((await failure(rig.write(pool, retained))).operation, 1)
      assert.deepEqual(await rig.items('mqtt_msg'), [])
      assert.equal(await pool.mark(JOURNAL), null)
    })

    test('the largest that fits is taken', async () => {
      const pool = await rig.fresh()
      const sent = [Buffer.alloc(409_000, 'x'), Buffer.alloc(306_000, 0xff)].map((all, n) =>
        rig.history.message(`t${n}`, all.subarray(0, all.length - 600)),
      )
      await rig.write(pool, rig.history.events(...sent.map(insert)))
      for (const { topic, payload } of sent) {
        const [read] = (await pool.read({ read: 'messages', filter: topic }, never)) as RemoteMessage[]
        assert.ok(read!.payload.equals(payload))
      }
    })

    test('an item that only the server finds too large is named when its event is alone', async () => {
      const pool = await rig.fresh()
      const reasons = [{ Code: 'None' }, { Code: 'ValidationError', Message: 'Item is something' }, { Code: 'None' }]
      rig.front.fault = (operation) =>
        operation === 'TransactWriteItems'
          ? exception('TransactionCanceledException', { CancellationReasons: reasons })
          : undefined
      const message = rig.history.message('a', '1')
      const batch = rig.history.event({ do: 'retain.put', message, node: 'n1' }, insert(message))
      const error = await failure(pool.write(batch, moveTo(batch), exact, never))
      assert.deepEqual([error.errorClass, error.operation], ['permanent', 1])
    })

    test('keys have a bound; what is no key has none', async () => {
      const pool = await rig.fresh()
      const online = (clientid: string): Write => ({ do: 'client.online', clientid, node: 'n1', at: AT })
      const message = rig.history.message('a', '1', { from: 'x'.repeat(5000) })
      await rig.write(
        pool,
        rig.history.events(insert(message), online('ü'.repeat(1024)), ack('x'.repeat(1024), message)),
      )
      for (const bad of [
        online('ü'.repeat(1025)),
        online(''),
        ack('x'.repeat(1025), message),
        insert(rig.history.message('x'.repeat(2049), '1')),
      ]) {
        const error = await failure(rig.write(pool, rig.history.events(online('c'), bad)))
        assert.deepEqual([error.errorClass, error.operation], ['permanent', 1])
      }
      assert.equal((await rig.items('mqtt_client')).length, 1)
    })

    test('custom statements there are none', async () => {
      const pool = await rig.fresh()
      const error = await failure(rig.write(pool, rig.history.events(custom(['select 1']))))
      assert.deepEqual([error.errorClass, error.operation], ['permanent', 0])
    })
  })
})
