// PostgreSQL under the contract: with our tables, and with EMQX's own old ones.

import type { PgsqlSettings } from '../../../src/backends/pgsql/settings.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../../helpers/postgres.ts'
import { ALL_TABLES, type Subject, type Table } from '../subject.ts'
import { sqlSubject } from './sql.ts'

// The DDL of the EMQX backend documentation, PostgreSQL.
export const OLD_TABLES = `
CREATE TABLE mqtt_client(id SERIAL primary key, clientid character varying(100), state integer,
  node character varying(100), online_at timestamp, offline_at timestamp, created timestamp without time zone, UNIQUE (clientid));
CREATE TABLE mqtt_sub(id SERIAL primary key, clientid character varying(100), topic character varying(200), qos integer,
  created timestamp without time zone, UNIQUE (clientid, topic));
CREATE TABLE mqtt_msg (id SERIAL primary key, msgid character varying(60), sender character varying(100),
  topic character varying(200), qos integer, retain integer, payload text, arrived timestamp without time zone);
CREATE TABLE mqtt_retain(id SERIAL primary key, topic character varying(200), msgid character varying(60),
  sender character varying(100), qos integer, payload text, arrived timestamp without time zone, UNIQUE (topic));
CREATE TABLE mqtt_acked (id SERIAL primary key, clientid character varying(100), topic character varying(100), mid integer,
  created timestamp without time zone, UNIQUE (clientid, topic));`
const OLD: readonly Table[] = ['mqtt_client', 'mqtt_sub', 'mqtt_msg', 'mqtt_retain', 'mqtt_acked']

const PGSQL = {
  kind: 'pgsql',
  skip: postgresMissing(),
  types: {
    bytes: 'bytea',
    text: 'text',
    boolean: 'boolean',
    serial: 'serial',
    returning: 'returning id',
    digits: (column: string) => `cast(${column} as text)`,
  },
  timeStepMs: 1,
  launch: startPostgres,
  query: (server: PostgresServer, text: string, database: string) => server.query(text, undefined, database),
  settings: pgsqlSettings,
  epochMs: (column: string) => `extract(epoch from ${column})::float8 * 1000`,
} as const

export function pgsqlSettings(server: PostgresServer, database = 'mqtt'): PgsqlSettings {
  return {
    server: [{ host: server.host, port: server.port }],
    pool_size: 3,
    username: server.user,
    password: server.password,
    database,
    ssl: false,
    cafile: undefined,
    certfile: undefined,
    keyfile: undefined,
    verify: true,
  }
}

export const subjects: readonly Subject[] = [
  sqlSubject({ ...PGSQL, name: 'pgsql', tables: ALL_TABLES, maxTopic: Number.POSITIVE_INFINITY }),
  sqlSubject({ ...PGSQL, name: "pgsql with EMQX's own tables", tables: OLD, oldTables: OLD_TABLES, maxTopic: 200 }),
]
