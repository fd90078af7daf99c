// What is DynamoDB's own: transactions of a hundred items, items of 400 KB, sets of ids, throttling, rights.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, afterEach, before, describe, test } from 'node:test'
import { backend } from '../../src/backends/dynamo/index.ts'
import type { DynamoSettings } from '../../src/backends/dynamo/settings.ts'
import type { Pool } from '../../src/model/backend.ts'
import { MarkConflict } from '../../src/model/errors.ts'
import type { Message } from '../../src/model/event.ts'
import type { Mark, Operation, RemoteMessage, Write } from '../../src/model/operation.ts'
import { type DynamoServer, dynamoMissing, startDynamo, type Values } from '../helpers/dynamo.ts'
import { CERTIFICATE, DynamoFront, exception } from '../helpers/dynamo-front.ts'
import { AT, ack, custom, History, insert, JOURNAL, moveTo } from './operations.ts'
import { dynamoSettings } from './subjects/dynamo.ts'
import { exact, failure, never, OPTIONS, payloadsOf } from './support.ts'

const remove = ({ msgid, topic }: Message, clientid = 'c'): Write => ({ do: 'message.delete', msgid, topic, clientid })

describe('dynamo', { skip: dynamoMissing() }, () => {
  let server: DynamoServer
  let front: DynamoFront
  let account = 0
  let history = new History()
  const pools: Pool[] = []

  before(async () => {
    server = await startDynamo({ inMemory: true })
    front = await DynamoFront.before(server.url)
  })
  after(async () => {
    await front.close()
    await server.stop()
  })
  afterEach(async () => {
    front.fault = () => undefined
    for (const pool of pools.splice(0)) await pool.close()
  })

  const key = (): string => `own${account}`
  const open = async (more: Partial<DynamoSettings> = {}): Promise<Pool> => {
    const pool = await backend.open(OPTIONS, { ...dynamoSettings(front, key()), ...more })
    pools.push(pool)
    await pool.connect(never)
    return pool
  }
  const fresh = async (): Promise<Pool> => {
    account++
    history = new History()
    await backend.applySchema(OPTIONS, dynamoSettings(server, key()))
    const pool = await open()
    front.asked.length = 0
    return pool
  }
  const write = (pool: Pool, batch: readonly Operation[], idempotent = false): Promise<void> =>
    pool.write(batch, null, { idempotent }, never)
  const messages = async (pool: Pool, filter: string, more: object = {}): Promise<string[]> =>
    payloadsOf((await pool.read({ read: 'messages', filter, ...more }, never)) as RemoteMessage[])
  const items = (table: string): Promise<Values[]> => server.scan(table, key())
  const idsOf = async (topic: string): Promise<string[]> =>
    (await items('mqtt_topic_msg_map')).find((item) => item.topic!.S === topic)?.MsgId?.SS?.toSorted() ?? []

  describe('transactions', () => {
    test('a batch that fits is one request, mark and messages in it', async () => {
      const pool = await fresh()
      const batch = history.events(...Array.from({ length: 49 }, (_, n) => insert(history.message(`t${n}`, `${n}`))))
      await pool.write(batch, moveTo(batch), exact, never)
      assert.deepEqual(front.asked, ['TransactWriteItems'])
      assert.equal((await items('mqtt_msg')).length, 49)
    })

    test('a larger one puts its messages in bulk, and the rest in parts that each move the mark', async () => {
      const pool = await fresh()
      const batch = history.events(...Array.from({ length: 250 }, (_, n) => insert(history.message(`t${n}`, `${n}`))))
      await pool.write(batch, moveTo(batch), exact, never)
      assert.equal(front.asked.filter((operation) => operation === 'BatchWriteItem').length, 10)
      assert.equal(front.asked.filter((operation) => operation === 'TransactWriteItems').length, 3)
      assert.equal((await items('mqtt_msg')).length, 250)
      assert.deepEqual({ ...(await pool.mark(JOURNAL)) }, moveTo(batch).to)
      assert.deepEqual(await messages(pool, 't249'), ['249'])
    })

    test('parts that were written before a failure are behind the mark', async () => {
      const pool = await fresh()
      const batch = history.events(...Array.from({ length: 250 }, (_, n) => insert(history.message(`t${n}`, `${n}`))))
      let transactions = 0
      front.fault = (operation) =>
        operation === 'TransactWriteItems' && ++transactions === 2 ? exception('InternalServerError') : undefined
      const move = moveTo(batch)
      assert.equal((await failure(pool.write(batch, move, exact, never))).errorClass, 'transient')
      const mark = (await pool.mark(JOURNAL))!
      const at = batch.findIndex(({ seq }) => seq === mark.seq)
      assert.deepEqual([at, batch[at]!.id.toString()], [98, mark.event])
      assert.deepEqual([await messages(pool, 't98'), await messages(pool, 't99')], [['98'], []])
      await assert.rejects(pool.write(batch, move, exact, never), MarkConflict)
      await pool.write(batch.slice(at + 1), moveTo(batch, mark), exact, never)
      assert.equal((await items('mqtt_topic_msg_map')).length, 250)
      assert.equal((await items('mqtt_msg')).length, 250)
    })

    test('a refusal behind parts that were written: the lane is sent to look, and then hears of it', async () => {
      const pool = await fresh()
      const writes = Array.from({ length: 250 }, (_, n): Write => ({ do: 'retain.delete', topic: `t${n}` }))
      const batch = history.events(...writes)
      const isBad = (item: { Delete?: { Key: Values } }): boolean => item.Delete?.Key.topic?.S === 't120'
      front.fault = (operation, request) => {
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
      const pool = await fresh()
      const batch = history.events(insert(history.message('a', '1')), insert(history.message('a', '2')))
      front.fault = (operation) => (operation === 'TransactWriteItems' ? 'lose' : undefined)
      const move = moveTo(batch)
      assert.equal((await failure(pool.write(batch, move, exact, never))).errorClass, 'transient')
      front.fault = () => undefined
      assert.deepEqual({ ...(await pool.mark(JOURNAL)) }, move.to)
      await write(pool, batch, true)
      assert.deepEqual(await messages(pool, 'a'), ['1', '2'])
      assert.equal((await items('mqtt_msg')).length, 2)
    })

    test('a large batch whose mark was moved by another shows nobody its messages', async () => {
      const pool = await fresh()
      const first = history.events(insert(history.message('a', '1')))
      await pool.write(first, moveTo(first), exact, never)
      const batch = history.events(...Array.from({ length: 200 }, () => insert(history.message('a', 'x'))))
      await assert.rejects(pool.write(batch, moveTo(batch), exact, never), MarkConflict)
      assert.deepEqual(await messages(pool, 'a'), ['1'])
    })

    test('an event is never split: its writes are in one transaction', async () => {
      const pool = await fresh()
      const others = history.events(
        ...Array.from({ length: 98 }, (_, n): Write => ({ do: 'retain.delete', topic: `t${n}` })),
      )
      const message = history.message('a', '1')
      const last = history.event(insert(message), { do: 'retain.put', message, node: 'n1' })
      let marks: Mark[] = []
      front.fault = (operation, request) => {
        if (operation === 'TransactWriteItems') marks = [...marks, request.TransactItems.length]
        return undefined
      }
      await pool.write([...others, ...last], moveTo(last), exact, never)
      assert.deepEqual(marks, [99, 3])
    })

    test("another gateway's write on the same item is waited for", async () => {
      const pool = await fresh()
      let conflicts = 3
      const reasons = [{ Code: 'None' }, { Code: 'TransactionConflict', Message: 'x' }]
      front.fault = (operation) =>
        operation === 'TransactWriteItems' && conflicts-- > 0
          ? exception('TransactionCanceledException', { CancellationReasons: reasons })
          : undefined
      await write(pool, history.events(insert(history.message('a', '1'))))
      assert.deepEqual(await messages(pool, 'a'), ['1'])
      conflicts = Number.POSITIVE_INFINITY
      const error = await failure(write(pool, history.events(insert(history.message('a', '2')))))
      assert.deepEqual([error.errorClass, error.code], ['transient', 'TransactionConflict'])
    })
  })

  describe('sets of ids', () => {
    const foreign = (count: number, from = 0): string[] =>
      Array.from({ length: count }, (_, n) => `00${from + n}`.padEnd(20, '-'))
    const addIds = async (topic: string, ids: string[]): Promise<void> => {
      await server.db(key()).updateItem({
        TableName: 'mqtt_topic_msg_map',
        Key: { topic: { S: topic } },
        UpdateExpression: 'ADD MsgId :ids',
        ExpressionAttributeValues: { ':ids': { SS: ids } },
      })
    }

    test('when a set is full the oldest leave it, which is counted; the new ones are in', async () => {
      const pool = await fresh()
      const early = history.message('full', 'early')
      await write(pool, history.events(insert(early)))
      const before = foreign(20_460)
      for (let at = 0; at < before.length; at += 5115) await addIds('full', before.slice(at, at + 5115))
      assert.deepEqual({ ...pool.counts }, { idsTrimmed: 0 })
      const late = Array.from({ length: 60 }, (_, n) => history.message('full', `late ${n}`))
      await write(pool, history.events(...late.map(insert)))
      const ids = await idsOf('full')
      assert.ok(ids.length > 10_000 && ids.length < 16_000, `${ids.length} are left`)
      for (const { msgid } of [early, ...late]) assert.ok(ids.includes(msgid), 'one of ours has left before theirs')
      assert.equal(pool.counts!.idsTrimmed, before.length + 61 - ids.length)
      assert.deepEqual(await messages(pool, 'full', { limit: 1 }), ['late 59'])
      assert.equal((await items('mqtt_msg')).length, 61)
    })

    test('what comes and what goes in one topic, at once', async () => {
      const pool = await fresh()
      const [old, brief, late] = ['old', 'brief', 'new'].map((text) => history.message('q', text))
      await write(pool, history.events(insert(old!)))
      front.asked.length = 0
      await write(pool, history.events(insert(brief!), remove(old!), insert(late!), remove(brief!, 'd')))
      assert.deepEqual(await idsOf('q'), [late!.msgid])
      assert.deepEqual(
        (await items('mqtt_msg')).map(({ payload }) => payload!.S),
        ['new'],
      )
      const acked = (await items('mqtt_acked')).map(({ clientid, msgid }) => [clientid!.S, msgid!.S])
      assert.deepEqual(acked.sort(), [
        ['c', old!.msgid],
        ['d', brief!.msgid],
      ])
      await write(pool, history.events(remove(late!)))
      assert.deepEqual(await messages(pool, 'q'), [])
      assert.deepEqual(await items('mqtt_msg'), [])
    })

    test('more than one page of messages, and an id without its message', async () => {
      const pool = await fresh()
      const sent = Array.from({ length: 330 }, (_, n) => history.message('a', `${n}`))
      await write(pool, history.events(...sent.map(insert)))
      await addIds('a', foreign(3))
      const all = sent.map(({ payload }) => `${payload}`)
      assert.deepEqual(await messages(pool, 'a'), all)
      assert.deepEqual(await messages(pool, 'a', { limit: 150 }), all.slice(-150))
      for (const { msgid } of sent.slice(230)) {
        await server.db(key()).deleteItem({ TableName: 'mqtt_msg', Key: { msgid: { S: msgid } } })
      }
      assert.deepEqual(await messages(pool, 'a', { limit: 5 }), all.slice(225, 230), 'behind a page of nothing')
    })

    test('more bytes than an answer holds', async () => {
      const pool = await fresh()
      const large = Array.from({ length: 50 }, (_, n) => history.message('a', `${n}`.padEnd(390_000, '.')))
      await write(pool, history.events(...large.map(insert)))
      const read = await messages(pool, 'a')
      assert.deepEqual(
        read.map((text) => Number.parseInt(text, 10)),
        large.map((_, n) => n),
      )
    })
  })

  describe('positions', () => {
    const put = async (msgid: string, arrived: number): Promise<Message> => {
      const message = history.message('a', msgid)
      const db = server.db(key())
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
      const pool = await fresh()
      const own = history.message('a', 'own')
      await write(pool, history.events(insert(own)))
      const old = await put(EMQX, 1_562_308_553)
      const newer = await put('0newer', Math.floor(AT / 1000) + 100)
      const rest = (): Promise<string[]> => messages(pool, 'a', { clientid: 'c' })
      assert.deepEqual(await rest(), [EMQX, 'own', '0newer'])
      await write(pool, history.events(ack('c', old)))
      assert.deepEqual(await rest(), ['own', '0newer'])
      await write(pool, history.events(ack('c', own)))
      assert.deepEqual(await rest(), ['0newer'], 'the text of the old position is greater')
      await write(pool, history.events(ack('c', newer)))
      await write(pool, history.events(ack('c', own), ack('c', old)))
      assert.deepEqual(await rest(), [], 'went back')
      assert.deepEqual(await messages(pool, 'a', { clientid: 'd', positions: new Map([['a', own.msgid]]) }), ['0newer'])
      assert.deepEqual(await messages(pool, 'a', { since: AT - 1_000_000, limit: 1 }), ['0newer'])
    })

    test('a position that another gateway moves meanwhile does not go back', async () => {
      const pool = await fresh()
      const [one, two, three] = ['1', '2', '3'].map((text) => history.message('a', text))
      await write(pool, history.events(insert(one!), insert(two!), insert(three!), ack('c', one!)))
      const other = await open()
      let raced = false
      const asked = async (): Promise<void> => write(other, history.events(ack('c', three!)))
      let racing: Promise<void> | undefined
      front.fault = (operation) => {
        if (operation !== 'TransactWriteItems' || raced) return undefined
        raced = true
        racing = asked()
        return exception('TransactionCanceledException', {
          CancellationReasons: [{ Code: 'ConditionalCheckFailed', Message: 'x' }],
        })
      }
      await write(pool, history.events(ack('c', two!)))
      await racing
      await write(pool, history.events(ack('c', two!)))
      assert.deepEqual(await messages(pool, 'a', { clientid: 'c' }), [])
      assert.equal((await items('mqtt_acked'))[0]!.msgid!.S, three!.msgid)
    })
  })

  describe('what does not fit', () => {
    test('a message of 400 KB is refused and named, and nothing of its batch is written', async () => {
      const pool = await fresh()
      const small = Array.from({ length: 120 }, () => insert(history.message('a', 'x')))
      for (const payload of [Buffer.alloc(409_600, 'x'), Buffer.alloc(307_200, 0xff)]) {
        const batch = history.events(...small, insert(history.message('a', payload)), ...small)
        const error = await failure(pool.write(batch, moveTo(batch), exact, never))
        assert.deepEqual([error.errorClass, error.code, error.operation], ['permanent', 'TOO_LARGE', 120])
      }
      const message = history.message('a', Buffer.alloc(409_600, 'x'))
      const retained = history.event(insert(history.message('a', 'y')), { do: 'retain.put', message, node: 'n1' })
      assert.equal((await failure(write(pool, retained))).operation, 1)
      assert.deepEqual(await items('mqtt_msg'), [])
      assert.equal(await pool.mark(JOURNAL), null)
    })

    test('the largest that fits is taken', async () => {
      const pool = await fresh()
      const sent = [Buffer.alloc(409_000, 'x'), Buffer.alloc(306_000, 0xff)].map((all, n) =>
        history.message(`t${n}`, all.subarray(0, all.length - 600)),
      )
      await write(pool, history.events(...sent.map(insert)))
      for (const { topic, payload } of sent) {
        const [read] = (await pool.read({ read: 'messages', filter: topic }, never)) as RemoteMessage[]
        assert.ok(read!.payload.equals(payload))
      }
    })

    test('an item that only the server finds too large is named when its event is alone', async () => {
      const pool = await fresh()
      const reasons = [{ Code: 'None' }, { Code: 'ValidationError', Message: 'Item is something' }, { Code: 'None' }]
      front.fault = (operation) =>
        operation === 'TransactWriteItems'
          ? exception('TransactionCanceledException', { CancellationReasons: reasons })
          : undefined
      const message = history.message('a', '1')
      const batch = history.event({ do: 'retain.put', message, node: 'n1' }, insert(message))
      const error = await failure(pool.write(batch, moveTo(batch), exact, never))
      assert.deepEqual([error.errorClass, error.operation], ['permanent', 1])
    })

    test('keys have a bound; what is no key has none', async () => {
      const pool = await fresh()
      const online = (clientid: string): Write => ({ do: 'client.online', clientid, node: 'n1', at: AT })
      const message = history.message('a', '1', { from: 'x'.repeat(5000) })
      await write(pool, history.events(insert(message), online('ü'.repeat(1024)), ack('x'.repeat(1024), message)))
      for (const bad of [
        online('ü'.repeat(1025)),
        online(''),
        ack('x'.repeat(1025), message),
        insert(history.message('x'.repeat(2049), '1')),
      ]) {
        const error = await failure(write(pool, history.events(online('c'), bad)))
        assert.deepEqual([error.errorClass, error.operation], ['permanent', 1])
      }
      assert.equal((await items('mqtt_client')).length, 1)
    })

    test('custom statements there are none', async () => {
      const pool = await fresh()
      const error = await failure(write(pool, history.events(custom(['select 1']))))
      assert.deepEqual([error.errorClass, error.operation], ['permanent', 0])
    })
  })

  describe('throttling, rights, tables', () => {
    test('what a bulk write left out is asked again', async () => {
      const pool = await fresh()
      front.fault = (operation, request) => {
        const all = operation === 'BatchWriteItem' ? (request.RequestItems.mqtt_msg as unknown[]) : []
        return all.length < 20 ? undefined : { status: 200, body: { UnprocessedItems: { mqtt_msg: all.slice(3) } } }
      }
      // those that the front took for itself are lost, so the test counts what was asked for
      const batch = history.events(...Array.from({ length: 200 }, () => insert(history.message('a', 'x'))))
      await write(pool, batch)
      assert.equal((await idsOf('a')).length, 200)
      assert.ok(front.asked.filter((operation) => operation === 'BatchWriteItem').length >= 16)
      assert.equal((await items('mqtt_msg')).length, 200 - 8 * 6)
    })

    test('a table that takes nothing is transient, in bulk and alone', async () => {
      const pool = await fresh()
      front.fault = (operation, request) =>
        operation === 'BatchWriteItem' ? { status: 200, body: { UnprocessedItems: request.RequestItems } } : undefined
      const batch = history.events(...Array.from({ length: 120 }, () => insert(history.message('a', 'x'))))
      const error = await failure(write(pool, batch))
      assert.deepEqual([error.errorClass, error.code], ['transient', 'ProvisionedThroughputExceeded'])
      assert.deepEqual(await messages(pool, 'a'), [])
      for (const name of ['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded']) {
        front.fault = () => exception(name)
        front.asked.length = 0
        assert.equal((await failure(write(pool, batch.slice(0, 1)))).errorClass, 'transient', name)
        assert.equal(front.asked.length, 1, 'the lane tries again, not the SDK')
      }
    })

    test('no right to the mark: at least once, and said', async () => {
      await fresh()
      front.fault = (_, request) =>
        request.TableName === 'holdfast_mark' ? exception('AccessDeniedException') : undefined
      const pool = await backend.open(OPTIONS, dynamoSettings(front, key()))
      pools.push(pool)
      const { exactlyOnce, warnings } = await pool.connect(never)
      assert.equal(exactlyOnce, false)
      assert.match(warnings[0]!, /holdfast_mark.*at least once/)
      assert.equal(await pool.mark(JOURNAL), null)
      await pool.ping(never)
      await write(pool, history.events(insert(history.message('a', '1'))))
      assert.deepEqual(await messages(pool, 'a'), ['1'])
    })

    test("the mark's table is made at connect", async () => {
      const pool = await fresh()
      await server.db(key()).deleteTable({ TableName: 'holdfast_mark' })
      assert.equal((await failure(pool.mark(JOURNAL))).errorClass, 'denied')
      assert.equal((await pool.connect(never)).exactlyOnce, true)
      assert.equal(await pool.mark(JOURNAL), null)
    })

    test("a table of the same name that is somebody else's is denied", async () => {
      const pool = await fresh()
      const db = server.db(key())
      await db.deleteTable({ TableName: 'mqtt_msg' })
      await db.createTable({
        TableName: 'mqtt_msg',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
      })
      assert.equal((await failure(write(pool, history.events(insert(history.message('a', '1')))))).errorClass, 'denied')
      const many = history.events(...Array.from({ length: 120 }, () => insert(history.message('a', 'x'))))
      assert.equal((await failure(write(pool, many))).errorClass, 'denied')
      const error = await failure(backend.applySchema(OPTIONS, dynamoSettings(server, key())))
      assert.deepEqual([error.errorClass, error.code], ['denied', 'OTHER_KEYS'])
    })

    test('without mqtt_delivered nothing is written of deliveries; with it each once', async () => {
      const pool = await fresh()
      const delivered: Write = { do: 'delivered.insert', clientid: 'c', topic: 'a', msgid: 'm', at: AT }
      await write(pool, history.events(delivered, delivered))
      assert.deepEqual(await items('mqtt_delivered'), [
        { msgid: { S: 'm' }, clientid: { S: 'c' }, topic: { S: 'a' }, delivered_at: { N: `${Math.floor(AT / 1000)}` } },
      ])
      await server.db(key()).deleteTable({ TableName: 'mqtt_delivered' })
      await pool.connect(never)
      await write(pool, history.events(delivered))
    })

    test('deliveries of one message to one client, in several parts of a batch', async () => {
      const pool = await fresh()
      const delivered = (at: number): Write => ({ do: 'delivered.insert', clientid: 'c', topic: 'a', msgid: 'm', at })
      const between = Array.from({ length: 150 }, (_, n): Write => ({ do: 'retain.delete', topic: `t${n}` }))
      await write(pool, history.events(delivered(AT), ...between, delivered(AT + 5000)))
      const [item, ...more] = await items('mqtt_delivered')
      assert.deepEqual([item!.delivered_at!.N, more], [`${Math.floor(AT / 1000) + 5}`, []])
    })

    test('without the right to ask for tables, a missing one is denied all the same', async () => {
      const pool = await fresh()
      await server.db(key()).deleteTable({ TableName: 'mqtt_msg' })
      front.fault = (operation) => (operation === 'DescribeTable' ? exception('AccessDeniedException') : undefined)
      const error = await failure(write(pool, history.events(insert(history.message('a', '1')))))
      assert.deepEqual([error.errorClass, error.code], ['denied', 'ResourceNotFoundException'])
      assert.match(error.hint!, /schema dynamo --apply/)
    })

    test('a wrong key is denied, and so is none at all', async () => {
      await fresh()
      const wrong = await failure(open({ aws_access_key_id: 'not a key' }))
      assert.deepEqual([wrong.errorClass, /aws_access_key_id/.test(wrong.hint ?? '')], ['denied', true])
      const { AWS_EC2_METADATA_DISABLED: before } = process.env
      process.env.AWS_EC2_METADATA_DISABLED = 'true'
      const none = await failure(open({ aws_access_key_id: undefined, aws_secret_access_key: undefined }))
      if (before === undefined) delete process.env.AWS_EC2_METADATA_DISABLED
      assert.equal(none.errorClass, 'denied')
    })

    test("without keys in the conf they are AWS' own chain's", async () => {
      await fresh()
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: key(), AWS_SECRET_ACCESS_KEY: 'x' })
      try {
        const pool = await open({ aws_access_key_id: undefined, aws_secret_access_key: undefined })
        await write(pool, history.events(insert(history.message('a', '1'))))
        assert.equal((await items('mqtt_msg')).length, 1)
      } finally {
        delete process.env.AWS_ACCESS_KEY_ID
        delete process.env.AWS_SECRET_ACCESS_KEY
      }
    })

    test("the region is the pool's, else the plugin's", async () => {
      const { openConnection } = await import('../../src/backends/dynamo/connection.ts')
      const regionOf = async (region: string | undefined): Promise<string> => {
        const { db } = await openConnection({ ...dynamoSettings(server), region, server: undefined })
        return db.config.region()
      }
      assert.deepEqual([await regionOf('eu-central-1'), await regionOf(undefined)], ['eu-central-1', 'us-west-2'])
    })
  })

  test('TLS: a certificate that nobody vouches for is denied; cafile vouches, `ssl` makes it https', async (t) => {
    await fresh()
    const secure = await DynamoFront.before(server.url, { tls: true })
    t.after(() => secure.close())
    const refused = await failure(open({ server: secure.url }))
    assert.deepEqual([refused.errorClass, /cafile/.test(refused.hint ?? '')], ['denied', true])
    const pool = await open({ server: secure.url.replace('https', 'http'), ssl: true, cafile: CERTIFICATE })
    await write(pool, history.events(insert(history.message('a', '1'))))
    await open({ server: secure.url, verify: false })
    assert.equal((await items('mqtt_msg')).length, 1)
  })

  test('the SDK is loaded when a pool is opened, not before', () => {
    const program = `
      import { registerHooks } from 'node:module'
      const seen = []
      registerHooks({ resolve: (name, context, next) => (seen.push(name), next(name, context)) })
      const { backend } = await import(process.argv[1])
      console.log(seen.some((name) => name.startsWith('@aws-sdk')))
      await backend.open({ name: 'p' }, { pool_size: 1, plugin: { region: 'x' } })
      console.log(seen.some((name) => name.startsWith('@aws-sdk')))`
    const index = new URL('../../src/backends/dynamo/index.ts', import.meta.url).pathname
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program, index], { encoding: 'utf8' })
    assert.equal(output, 'false\ntrue\n')
  })

  test('a server that hangs is given up when the lane says so', async () => {
    const pool = await fresh()
    server.pause()
    const batch = history.events(insert(history.message('a', '1')))
    const error = await failure(pool.write(batch, moveTo(batch), exact, AbortSignal.timeout(300)))
    server.resume()
    assert.equal(error.errorClass, 'transient')
    await pool.ping(never)
  })
})
