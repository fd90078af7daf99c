// Makes the tables: all of them when somebody asks for it, the mark's by itself.

import type { OpenOptions } from '../../model/backend.ts'
import { runSchema } from '../sql-pool.ts'
import { Connection } from './connection.ts'
import { backendError } from './errors.ts'
import { markSchema, schema, schemaWithoutKeys } from './schema.ts'
import type { MysqlSettings } from './settings.ts'

export const NO_MARK =
  'no right to the table holdfast_mark: messages reach this pool at least once, not exactly once; ' +
  'create it with `holdfast schema mysql --apply` and grant select, insert and update'

const NO_KEYS =
  'this server has no generated columns (MySQL 5.7 and MariaDB 10.2 have): nothing but the gateway keeps rows of mqtt_client, ' +
  'mqtt_sub, mqtt_retain and mqtt_acked one a key, so two gateways that share them may leave two'

/** Two that do so at once would be in each other's way. */
const LOCK = "select get_lock('holdfast schema', 60)"

export async function applySchema(
  { name }: OpenOptions,
  settings: MysqlSettings,
  say: (sentence: string) => void = () => {},
): Promise<void> {
  const run = async (connection: Connection): Promise<void> => {
    const { generatesColumns } = connection
    await connection.query(`${LOCK}; ${generatesColumns ? schema() : schemaWithoutKeys()}`)
    if (!generatesColumns) say(NO_KEYS)
  }
  await runSchema(run, {
    open: (signal) => Connection.open(settings, signal),
    backendError: (error) => backendError(error, name),
  })
}

const NO_RIGHT: readonly (number | undefined)[] = [1044, 1142, 1143, 1227]

/**
 * Makes the mark's table where it is missing, and tries what will be done to it: MySQL does not tell a user's rights.
 * @returns whether the mark can be kept
 */
export async function prepareMark(connection: Connection): Promise<boolean> {
  try {
    await connection.query(
      `${markSchema()};
insert into holdfast_mark (journal, pool, seq, event, node, at)
select journal, pool, seq, event, node, at from holdfast_mark where false;
update holdfast_mark set seq = seq, event = event, node = node, at = at where journal = ''`,
    )
    return true
  } catch (error) {
    if (NO_RIGHT.includes((error as { errno?: number }).errno)) return false
    throw error
  }
}
