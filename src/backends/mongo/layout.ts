// What the server is like: alone or with transactions, which collections and indexes are there, what the user may do.

import type { Db, Document } from 'mongodb'
import { BackendError } from '../../model/errors.ts'
import { applyCommand, COLLECTIONS, type Index, MARKS } from './schema.ts'

export interface Layout {
  /** A replica set or a sharded cluster. */
  readonly transactions: boolean
  readonly mayMark: boolean
  readonly warnings: readonly string[]
}

const NO_TRANSACTIONS =
  'this server is no member of a replica set and has no transactions: each row of a function is there once, by its key; ' +
  'custom actions run at least once'
const NO_MARK = `no right to read and write ${MARKS}: messages reach this pool at least once, not exactly once; grant find, insert and update on it`

export async function lookAt(db: Db, pool: string): Promise<Layout> {
  const hello = await db.admin().command({ hello: 1 })
  if (!hello.isWritablePrimary) {
    throw new BackendError('transient', 'NOT_PRIMARY', `${hello.me ?? 'the server'} takes no writes now`)
  }
  const transactions = hello.setName !== undefined || hello.msg === 'isdbgrid'
  const [mayMark, lacks] = await Promise.all([maySeeAndWrite(db, MARKS), lackingIndexes(db, pool)])
  const guarantee = transactions ? (mayMark ? [] : [NO_MARK]) : [NO_TRANSACTIONS]
  return { transactions, mayMark, warnings: [...guarantee, ...lacks] }
}

const ACTIONS = ['find', 'insert', 'update']

async function maySeeAndWrite(db: Db, collection: string): Promise<boolean> {
  const { authInfo } = await db.command({ connectionStatus: 1, showPrivileges: true })
  if (authInfo.authenticatedUsers.length === 0) {
    await db.collection(collection).findOne({}) // a server that wants a user refuses this
    return true
  }
  const privileges = authInfo.authenticatedUserPrivileges as { resource: Document; actions: string[] }[]
  const rights = privileges.flatMap(({ resource, actions }) => {
    const here = ['', db.databaseName].includes(resource.db) && ['', collection].includes(resource.collection)
    return here || resource.anyResource ? actions : []
  })
  return ACTIONS.every((action) => rights.includes(action))
}

const UNAUTHORIZED = 13

/** What is slow or unsure for lack of an index; nothing where the user may not look. */
async function lackingIndexes(db: Db, pool: string): Promise<string[]> {
  try {
    const there = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name))
    const warnings = await Promise.all(
      Object.entries(COLLECTIONS).map(async ([name, indexes]) => {
        const wanted = (indexes as readonly Index[]).filter(({ lack }) => lack !== undefined)
        const found = there.has(name) && wanted.length > 0 ? await db.collection(name).indexes() : []
        return wanted
          .filter((index) => !found.some((one) => serves(one, index)))
          .map((index) => `${name} lacks an index on ${Object.keys(index.key).join(', ')}: ${index.lack}`)
      }),
    )
    const lines = warnings.flat()
    return lines.length > 0 ? [...lines, `the indexes are made by \`${applyCommand(pool)}\``] : []
  } catch (error) {
    if ((error as { code?: number }).code === UNAUTHORIZED) return []
    throw error
  }
}

function serves(found: Document, { key, unique }: Index): boolean {
  const same = Object.keys(found.key).join() === Object.keys(key).join()
  return same && (!unique || found.unique === true)
}
