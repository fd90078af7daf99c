// What is DynamoDB's own around it: throttling, rights, tables, TLS, the SDK.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { backend } from '../../src/backends/dynamo/index.ts'
import type { Write } from '../../src/model/operation.ts'
import { dynamoMissing } from '../helpers/dynamo.ts'
import { CERTIFICATE, DynamoFront, exception } from '../helpers/dynamo-front.ts'
import { DynamoRig } from './dynamo-rig.ts'
import { AT, insert, JOURNAL, moveTo } from './operations.ts'
import { dynamoSettings } from './subjects/dynamo.ts'
import { exact, failure, never, OPTIONS } from './support.ts'

describe('the service of dynamo', { skip: dynamoMissing() }, () => {
  const rig = new DynamoRig()

  describe('throttling, rights, tables', () => {
    test('what a bulk write left out is asked again', async () => {
      const pool = await rig.fresh()
      rig.front.fault = (operation, request) => {
        const all = operation === 'BatchWriteItem' ? (request.RequestItems.mqtt_msg as unknown[]) : []
        return all.length < 20 ? undefined : { status: 200, body: { UnprocessedItems: { mqtt_msg: all.slice(3) } } }
      }
      // those that the front took for itself are lost, so the test counts what was asked for
      const batch = rig.history.events(...Array.from({ length: 200 }, () => insert(rig.history.message('a', 'x'))))
      await rig.write(pool, batch)
      assert.equal((await rig.idsOf('a')).length, 200)
      assert.ok(rig.front.asked.filter((operation) => operation === 'BatchWriteItem').length >= 16)
      assert.equal((await rig.items('mqtt_msg')).length, 200 - 8 * 6)
    })

    test('a table that takes nothing is transient, in bulk and alone', async () => {
      const pool = await rig.fresh()
      rig.front.fault = (operation, request) =>
        operation === 'BatchWriteItem' ? { status: 200, body: { UnprocessedItems: request.RequestItems } } : undefined
      const batch = rig.history.events(...Array.from({ length: 120 }, () => insert(rig.history.message('a', 'x'))))
      const error = await failure(rig.write(pool, batch))
      assert.deepEqual([error.errorClass, error.code], ['transient', 'ProvisionedThroughputExceeded'])
      assert.deepEqual(await rig.messages(pool, 'a'), [])
      for (const name of ['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded']) {
        rig.front.fault = () => exception(name)
        rig.front.asked.length = 0
        assert.equal((await failure(rig.write(pool, batch.slice(0, 1)))).errorClass, 'transient', name)
        assert.equal(rig.front.asked.length, 1, 'the lane tries again, not the SDK')
      }
    })

    test('no right to the mark: at least once, and said', async (t) => {
      await rig.fresh()
      rig.front.fault = (_, request) =>
        request.TableName === 'holdfast_mark' ? exception('AccessDeniedException') : undefined
      const pool = await backend.open(OPTIONS, dynamoSettings(rig.front, rig.key()))
      t.after(() => pool.close())
      const { exactlyOnce, warnings } = await pool.connect(never)
      assert.equal(exactlyOnce, false)
      assert.match(warnings[0]!, /holdfast_mark.*at least once/)
      assert.equal(await pool.mark(JOURNAL), null)
      await pool.ping(never)
      await rig.write(pool, rig.history.events(insert(rig.history.message('a', '1'))))
      assert.deepEqual(await rig.messages(pool, 'a'), ['1'])
    })

    test("the mark's table is made at connect", async () => {
      const pool = await rig.fresh()
      await rig.server.db(rig.key()).deleteTable({ TableName: 'holdfast_mark' })
      assert.equal((await failure(pool.mark(JOURNAL))).errorClass, 'denied')
      assert.equal((await pool.connect(never)).exactlyOnce, true)
      assert.equal(await pool.mark(JOURNAL), null)
    })

    test("a table of the same name that is somebody else's is denied", async () => {
      const pool = await rig.fresh()
      const db = rig.server.db(rig.key())
      await db.deleteTable({ TableName: 'mqtt_msg' })
      await db.createTable({
        TableName: 'mqtt_msg',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
      })
      assert.equal(
        (await failure(rig.write(pool, rig.history.events(insert(rig.history.message('a', '1')))))).errorClass,
        'denied',
      )
      const many = rig.history.events(...Array.from({ length: 120 }, () => insert(rig.history.message('a', 'x'))))
      assert.equal((await failure(rig.write(pool, many))).errorClass, 'denied')
      const error = await failure(backend.applySchema(OPTIONS, dynamoSettings(rig.server, rig.key())))
      assert.deepEqual([error.errorClass, error.code], ['denied', 'OTHER_KEYS'])
    })

    test('without mqtt_delivered nothing is written of deliveries; with it each once', async () => {
      const pool = await rig.fresh()
      const delivered: Write = { do: 'delivered.insert', clientid: 'c', topic: 'a', msgid: 'm', at: AT }
      await rig.write(pool, rig.history.events(delivered, delivered))
      assert.deepEqual(await rig.items('mqtt_delivered'), [
        { msgid: { S: 'm' }, clientid: { S: 'c' }, topic: { S: 'a' }, delivered_at: { N: `${Math.floor(AT / 1000)}` } },
      ])
      await rig.server.db(rig.key()).deleteTable({ TableName: 'mqtt_delivered' })
      await pool.connect(never)
      await rig.write(pool, rig.history.events(delivered))
    })

    test('deliveries of one message to one client, in several parts of a batch', async () => {
      const pool = await rig.fresh()
      const delivered = (at: number): Write => ({ do: 'delivered.insert', clientid: 'c', topic: 'a', msgid: 'm', at })
      const between = Array.from({ length: 150 }, (_, n): Write => ({ do: 'retain.delete', topic: `t${n}` }))
      await rig.write(pool, rig.history.events(delivered(AT), ...between, delivered(AT + 5000)))
      const [item, ...more] = await rig.items('mqtt_delivered')
      assert.deepEqual([item!.delivered_at!.N, more], [`${Math.floor(AT / 1000) + 5}`, []])
    })

    test('without the right to ask for tables, a missing one is denied all the same', async () => {
      const pool = await rig.fresh()
      await rig.server.db(rig.key()).deleteTable({ TableName: 'mqtt_msg' })
      rig.front.fault = (operation) => (operation === 'DescribeTable' ? exception('AccessDeniedException') : undefined)
      const error = await failure(rig.write(pool, rig.history.events(insert(rig.history.message('a', '1')))))
      assert.deepEqual([error.errorClass, error.code], ['denied', 'ResourceNotFoundException'])
      assert.match(error.hint!, /schema dynamo --apply/)
    })

    test('a wrong key is denied, and so is none at all', async () => {
      await rig.fresh()
      const wrong = await failure(rig.open({ aws_access_key_id: 'not a key' }))
      assert.deepEqual([wrong.errorClass, /aws_access_key_id/.test(wrong.hint ?? '')], ['denied', true])
      const { AWS_EC2_METADATA_DISABLED: before } = process.env
      process.env.AWS_EC2_METADATA_DISABLED = 'true'
      const none = await failure(rig.open({ aws_access_key_id: undefined, aws_secret_access_key: undefined }))
      if (before === undefined) delete process.env.AWS_EC2_METADATA_DISABLED
      assert.equal(none.errorClass, 'denied')
    })

    test("without keys in the conf they are AWS' own chain's", async () => {
      await rig.fresh()
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: rig.key(), AWS_SECRET_ACCESS_KEY: 'x' })
      try {
        const pool = await rig.open({ aws_access_key_id: undefined, aws_secret_access_key: undefined })
        await rig.write(pool, rig.history.events(insert(rig.history.message('a', '1'))))
        assert.equal((await rig.items('mqtt_msg')).length, 1)
      } finally {
        delete process.env.AWS_ACCESS_KEY_ID
        delete process.env.AWS_SECRET_ACCESS_KEY
      }
    })

    test("the region is the pool's, else the plugin's", async () => {
      const { openConnection } = await import('../../src/backends/dynamo/connection.ts')
      const regionOf = async (region: string | undefined): Promise<string> => {
        const { db } = await openConnection({ ...dynamoSettings(rig.server), region, server: undefined })
        return db.config.region()
      }
      assert.deepEqual([await regionOf('eu-central-1'), await regionOf(undefined)], ['eu-central-1', 'us-west-2'])
    })
  })

  test('TLS: a certificate that nobody vouches for is denied; cafile vouches, `ssl` makes it https', async (t) => {
    await rig.fresh()
    const secure = await DynamoFront.before(rig.server.url, { tls: true })
    t.after(() => secure.close())
    const refused = await failure(rig.open({ server: secure.url }))
    assert.deepEqual([refused.errorClass, /cafile/.test(refused.hint ?? '')], ['denied', true])
    const pool = await rig.open({ server: secure.url.replace('https', 'http'), ssl: true, cafile: CERTIFICATE })
    await rig.write(pool, rig.history.events(insert(rig.history.message('a', '1'))))
    await rig.open({ server: secure.url, verify: false })
    assert.equal((await rig.items('mqtt_msg')).length, 1)
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
    const pool = await rig.fresh()
    rig.server.pause()
    const batch = rig.history.events(insert(rig.history.message('a', '1')))
    const error = await failure(pool.write(batch, moveTo(batch), exact, AbortSignal.timeout(300)))
    rig.server.resume()
    assert.equal(error.errorClass, 'transient')
    await pool.ping(never)
  })
})
