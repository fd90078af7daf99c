// A server, a front of it that fails when told to, and tables of its own for each test.

import { after, afterEach, before } from 'node:test'
import { backend } from '../../src/backends/dynamo/index.ts'
import type { DynamoSettings } from '../../src/backends/dynamo/settings.ts'
import type { Pool } from '../../src/model/backend.ts'
import type { Operation, RemoteMessage } from '../../src/model/operation.ts'
import { type DynamoServer, startDynamo, type Values } from '../helpers/dynamo.ts'
import { DynamoFront } from '../helpers/dynamo-front.ts'
import { History } from './operations.ts'
import { dynamoSettings } from './subjects/dynamo.ts'
import { never, OPTIONS, payloadsOf } from './support.ts'

export class DynamoRig {
  server!: DynamoServer
  front!: DynamoFront
  history = new History()
  #account = 0
  readonly #pools: Pool[] = []

  /** For the suite that it is made in. */
  constructor() {
    before(async () => {
      this.server = await startDynamo({ inMemory: true })
      this.front = await DynamoFront.before(this.server.url)
    })
    after(async () => {
      await this.front.close()
      await this.server.stop()
    })
    afterEach(async () => {
      this.front.fault = () => undefined
      for (const pool of this.#pools.splice(0)) await pool.close()
    })
  }

  key(): string {
    return `own${this.#account}`
  }

  async open(more: Partial<DynamoSettings> = {}): Promise<Pool> {
    const pool = await backend.open(OPTIONS, { ...dynamoSettings(this.front, this.key()), ...more })
    this.#pools.push(pool)
    await pool.connect(never)
    return pool
  }

  async fresh(): Promise<Pool> {
    this.#account++
    this.history = new History()
    await backend.applySchema(OPTIONS, dynamoSettings(this.server, this.key()))
    const pool = await this.open()
    this.front.asked.length = 0
    return pool
  }

  write(pool: Pool, batch: readonly Operation[], idempotent = false): Promise<void> {
    return pool.write(batch, null, { idempotent }, never)
  }

  async messages(pool: Pool, filter: string, more: object = {}): Promise<string[]> {
    return payloadsOf((await pool.read({ read: 'messages', filter, ...more }, never)) as RemoteMessage[])
  }

  items(table: string): Promise<Values[]> {
    return this.server.scan(table, this.key())
  }

  async idsOf(topic: string): Promise<string[]> {
    return (await this.items('mqtt_topic_msg_map')).find((item) => item.topic!.S === topic)?.MsgId?.SS?.toSorted() ?? []
  }
}
