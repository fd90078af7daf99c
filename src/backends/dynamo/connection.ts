// The SDK's client for one pool, and what every request of ours has in common.

import { setTimeout as sleep } from 'node:timers/promises'
import type { AttributeValue, DynamoDB, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { tlsOptions } from '../tls.ts'
import type { DynamoSettings } from './settings.ts'

export type Item = Record<string, AttributeValue>

export interface Connection {
  readonly db: DynamoDB
  /** Requests that one write, or one read, makes at a time. */
  readonly width: number
}

const CONNECT_MS = 10_000

/** Loads the SDK, which is large. Makes no request. */
export async function openConnection(settings: DynamoSettings): Promise<Connection> {
  const { DynamoDB } = await import('@aws-sdk/client-dynamodb')
  return { db: new DynamoDB(configuration(settings)), width: settings.pool_size }
}

function configuration(settings: DynamoSettings): DynamoDBClientConfig {
  const { server, region, plugin, pool_size, aws_access_key_id, aws_secret_access_key } = settings
  // a write, a read and a ping share the sockets and don't wait for each other
  const agent = { keepAlive: true, maxSockets: 2 * pool_size + 1 }
  return {
    region: region ?? plugin.region,
    maxAttempts: 1, // the lane tries again
    ...(server && { endpoint: settings.ssl ? server.replace(/^http:/, 'https:') : server }),
    ...(aws_access_key_id !== undefined &&
      aws_secret_access_key !== undefined && {
        credentials: { accessKeyId: aws_access_key_id, secretAccessKey: aws_secret_access_key },
      }),
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      httpAgent: agent,
      httpsAgent: { ...agent, ...tlsOptions(settings) },
    },
  }
}

/** Does all of it, so many at a time; the first failure is the result, and no new one is begun then. */
export async function inParallel<T>(width: number, all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values()
  let failed = false
  const worker = async (): Promise<void> => {
    for (const one of rest) {
      if (failed) return
      await work(one)
    }
  }
  const workers = Array.from({ length: Math.min(width, all.length) }, () =>
    worker().catch((error) => {
      failed = true
      throw error
    }),
  )
  const ends = await Promise.allSettled(workers)
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

export function slices<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size))
}

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 800

/** A pause before try number `attempt` (from 1) is repeated: each twice as long, by lot between nothing and that. */
export async function pause(attempt: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS), undefined, { signal })
}
