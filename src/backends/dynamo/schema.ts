// The tables: as `aws dynamodb create-table --cli-input-json` takes each, and made.

import { setTimeout as sleep } from 'node:timers/promises'
import type { CreateTableCommandInput, DynamoDB, TableDescription } from '@aws-sdk/client-dynamodb'
import type { OpenOptions } from '../../model/backend.ts'
import { BackendError } from '../../model/errors.ts'
import { textBeside } from '../../system/program.ts'
import { type Connection, inParallel, openConnection } from './connection.ts'
import { backendError, isNamed } from './errors.ts'
import type { DynamoSettings } from './settings.ts'

export const NO_MARK =
  'no right to the table holdfast_mark: messages reach this pool at least once, not exactly once; ' +
  'create it with `holdfast schema dynamo --apply` and grant GetItem and UpdateItem'

const ACTIVE_POLL_MS = 200

export function schema(): string {
  return textBeside(import.meta, 'schema.json')
}

export function tables(): CreateTableCommandInput[] {
  return JSON.parse(schema()) as CreateTableCommandInput[]
}

export async function applySchema(_: OpenOptions, settings: DynamoSettings): Promise<void> {
  const { db, width } = await openConnection(settings)
  try {
    await inParallel(width, tables(), (table) => makeTable(db, table, new AbortController().signal))
  } catch (error) {
    throw backendError(error)
  } finally {
    db.destroy()
  }
}

/** Resolves when the table can be used; one that is there stays as it is, if its keys are ours. */
export async function makeTable(db: DynamoDB, table: CreateTableCommandInput, signal: AbortSignal): Promise<void> {
  for (let asked = false; ; ) {
    const found = await describe(db, table.TableName!, signal)
    if (found?.TableStatus === 'ACTIVE' || found?.TableStatus === 'UPDATING') return checkKeys(table, found.KeySchema)
    if (!found && !asked) {
      asked = true
      await db.createTable(table, { abortSignal: signal }).catch((error) => {
        if (!isNamed(error, 'ResourceInUseException')) throw error // somebody else is making it
      })
    } else {
      await sleep(ACTIVE_POLL_MS, undefined, { signal })
    }
  }
}

/** @returns undefined for a table that is not there */
export async function describe(
  db: DynamoDB,
  TableName: string,
  signal: AbortSignal,
): Promise<TableDescription | undefined> {
  try {
    return (await db.describeTable({ TableName }, { abortSignal: signal })).Table
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return undefined
    throw error
  }
}

/** Our tables that are not there, by name; none where there is no right to ask. */
export async function absentTables({ db, width }: Connection, signal: AbortSignal): Promise<string[]> {
  const absent: string[] = []
  try {
    await inParallel(width, tables(), async ({ TableName }) => {
      if (!(await describe(db, TableName!, signal))) absent.push(TableName!)
    })
  } catch (error) {
    if (!isNamed(error, 'AccessDeniedException')) throw error
  }
  return absent.sort()
}

function checkKeys({ TableName, KeySchema }: CreateTableCommandInput, found: TableDescription['KeySchema']): void {
  const text = (keys: TableDescription['KeySchema']): string =>
    keys!.map((key) => `${key.KeyType} ${key.AttributeName}`).join(', ')
  if (text(found) === text(KeySchema)) return
  throw new BackendError('denied', 'OTHER_KEYS', `${TableName} has the keys ${text(found)}`, {
    hint: `they must be ${text(KeySchema)}: delete the table, or use another account or region`,
  })
}
