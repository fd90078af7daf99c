// A real DynamoDB Local of our own. Each access key sees tables of its own, so that one server holds as many databases as
// there are keys.

import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AttributeValue, DynamoDB } from '@aws-sdk/client-dynamodb'
import { CACHE } from './cache.ts'
import { freePort } from './ports.ts'
import { findProgram } from './processes.ts'
import { type ServerOptions, ServerProcess } from './server-process.ts'

const VERSION = '2.6.1'
const JARS = join(CACHE, `dynamodb-local-${VERSION}`)
const MAIN = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner'
/** A process that is killed loses nothing there, and it is no disk: the server syncs every item. */
const QUICK = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
export const REGION = 'us-west-2'

/** Why tests with DynamoDB can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function dynamoMissing(): string | false {
  if ((existsSync(JARS) && findProgram('java')) || process.env.CI === 'true') return false
  return 'DynamoDB Local is not installed: scripts/services install dynamo'
}

export interface DynamoOptions extends ServerOptions {
  /** Tables in memory: quicker, and gone with the process. */
  readonly inMemory?: boolean
}

export async function startDynamo(options: DynamoOptions = {}): Promise<DynamoServer> {
  const server = new DynamoServer(options.port ?? (await freePort()), options)
  await server.start()
  return server
}

export type Values = Record<string, AttributeValue>

export class DynamoServer extends ServerProcess {
  readonly #inMemory: boolean
  readonly #clients = new Map<string, DynamoDB>()

  constructor(port: number, { inMemory = false, ...options }: DynamoOptions = {}) {
    super('DynamoDB', port, options, QUICK)
    this.#inMemory = inMemory
  }

  get url(): string {
    return `http://${this.host}:${this.port}`
  }

  async start(): Promise<void> {
    const java = ['java', '-Xmx256m', '-XX:+UseSerialGC', `-Dsqlite4java.library.path=${JARS}`, '-cp', `${JARS}/*`]
    const tables = this.#inMemory ? ['-inMemory'] : ['-dbPath', this.folder]
    await this.launch([...java, MAIN, '-port', `${this.port}`, ...tables])
  }

  protected override knock(): Promise<unknown> {
    return this.db().listTables({})
  }

  /** A client, for the tables of this access key. */
  db(accessKeyId = 'local'): DynamoDB {
    let client = this.#clients.get(accessKeyId)
    if (!client) {
      const credentials = { accessKeyId, secretAccessKey: 'local' }
      client = new DynamoDB({ endpoint: this.url, region: REGION, maxAttempts: 1, credentials })
      this.#clients.set(accessKeyId, client)
    }
    return client
  }

  /** Every item of a table. */
  async scan(TableName: string, accessKeyId?: string): Promise<Values[]> {
    const items: Values[] = []
    for (let start: Values | undefined; ; ) {
      const page = await this.db(accessKeyId).scan({
        TableName,
        ConsistentRead: true,
        ...(start && { ExclusiveStartKey: start }),
      })
      items.push(...(page.Items ?? []))
      start = page.LastEvaluatedKey
      if (!start) return items
    }
  }

  override async stop(): Promise<void> {
    await super.stop()
    for (const client of this.#clients.values()) client.destroy()
  }
}
