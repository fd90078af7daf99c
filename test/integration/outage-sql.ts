// An outage of an SQL server.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sqlBench } from '../contract/subjects/sql.ts'
import type { ServerProcess } from '../helpers/server-process.ts'
import { type OutageOf, outage } from './outage.ts'

interface SqlServer extends ServerProcess {
  readonly user: string
  readonly password: string
  query(text: string): Promise<Record<string, unknown>[]>
}

interface SqlOutage<S extends SqlServer> extends Pick<OutageOf<S>, 'kind' | 'database' | 'skip' | 'start'> {
  /** The address that the documentation's conf names. */
  readonly documented: string
  /** DDL of a primary key that counts by itself. */
  readonly serial: string
  /** An SQL expression for a column's time in ms. */
  epochMs(column: string): string
}

export function sqlOutage<S extends SqlServer>({ documented, serial, epochMs, ...of }: SqlOutage<S>): void {
  outage<S>({
    ...of,
    goes: 'end',
    conf: (text, { port, user, password }) =>
      text.replace(documented, `127.0.0.1:${port}`).replace('= root', `= ${user}`).replace('= public', `= ${password}`),
    prepare: (server) => server.query(`create table conn (id ${serial} primary key, clientid text)`),
    remote: (server) => ({
      ...sqlBench((text) => server.query(text), epochMs),
      keys: async () => (await server.query('select id from mqtt_msg order by id')).map(({ id }) => id),
    }),
    more(scene) {
      test('a custom statement ran once for each event, in order', async () => {
        await scene.gateway.forwarded()
        const rows = await scene.server.query('select clientid from conn order by id')
        assert.deepEqual(
          rows.map(({ clientid }) => clientid),
          scene.connects,
        )
      })
    },
  })
}
