// A lane into a real MariaDB.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { backend } from '../../src/backends/mysql/index.ts'
import { mysqlSettings } from '../contract/subjects/mysql.ts'
import { mariadbMissing, startMariadb } from '../helpers/mariadb.ts'
import { MYSQL_COMMIT } from '../helpers/proxy.ts'
import { SqlLanes } from './lane-sql.ts'

const skip = mariadbMissing()
const lanes = new SqlLanes({
  kind: 'mysql',
  skip,
  backend,
  start: startMariadb,
  commit: MYSQL_COMMIT,
  settings: (server, { host, port }, database) => ({ ...mysqlSettings(server, database), server: { host, port } }),
  query: (server, text, database) => server.query(text, database),
  serial: 'integer auto_increment primary key',
  refused: 'ER_DATA_TOO_LONG',
})

lanes.suite()

test('a transaction that was given up, and goes on in the server', { skip }, async () => {
  await lanes.freshDatabase()
  const lane = await lanes.scene()
  const ids = await lane.publish(10)
  await lane.drained()
  // It waits behind this lock, with its mark moved, longer than the lane waits for an answer; the server ends it then.
  const blocker = lanes.query('lock tables seen write; select sleep(4); unlock tables')
  await sleep(100)
  ids.push(...(await lane.publish(30)))
  await lane.until(({ retries }) => retries > 0)
  await blocker
  await lane.drained(30_000)
  await lanes.assertStored(ids)
  assert.equal(lane.status!.recovered.journalCopied, 0, 'nobody is taken for a twin')
})
