// MySQL under the contract: with our tables, and with EMQX's own old ones.

import { BACKENDS } from '../../../src/backends/index.ts'
import type { MysqlSettings } from '../../../src/backends/mysql/settings.ts'
import { type MariadbServer, mariadbMissing, startMariadb } from '../../helpers/mariadb.ts'
import { ALL_TABLES, type Bench, type Subject, type Table } from '../subject.ts'
import { OPTIONS, opener } from '../support.ts'
import { sqlBench } from './sql.ts'

// The DDL of the EMQX backend documentation, MySQL.
export const OLD_TABLES = `
CREATE TABLE mqtt_client (id int(11) unsigned NOT NULL AUTO_INCREMENT, clientid varchar(64) DEFAULT NULL,
  state varchar(3) DEFAULT NULL, node varchar(100) DEFAULT NULL, online_at datetime DEFAULT NULL,
  offline_at datetime DEFAULT NULL, created timestamp NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (id),
  KEY mqtt_client_idx (clientid), UNIQUE KEY mqtt_client_key (clientid)) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE mqtt_sub (id int(11) unsigned NOT NULL AUTO_INCREMENT, clientid varchar(64) DEFAULT NULL,
  topic varchar(255) DEFAULT NULL, qos int(3) DEFAULT NULL, created timestamp NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (id), KEY mqtt_sub_idx (clientid,topic(255),qos), UNIQUE KEY mqtt_sub_key (clientid,topic))
  ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE mqtt_msg (id int(11) unsigned NOT NULL AUTO_INCREMENT, msgid varchar(100) DEFAULT NULL,
  topic varchar(1024) NOT NULL, sender varchar(1024) DEFAULT NULL, node varchar(60) DEFAULT NULL,
  qos int(11) NOT NULL DEFAULT '0', retain tinyint(2) DEFAULT NULL, payload blob, arrived datetime NOT NULL,
  PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE mqtt_retain (id int(11) unsigned NOT NULL AUTO_INCREMENT, topic varchar(200) DEFAULT NULL,
  msgid varchar(60) DEFAULT NULL, sender varchar(100) DEFAULT NULL, node varchar(100) DEFAULT NULL,
  qos int(2) DEFAULT NULL, payload blob, arrived timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (id),
  UNIQUE KEY mqtt_retain_key (topic)) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE mqtt_acked (id int(11) unsigned NOT NULL AUTO_INCREMENT, clientid varchar(200) DEFAULT NULL,
  topic varchar(200) DEFAULT NULL, mid int(200) DEFAULT NULL, created timestamp NULL DEFAULT NULL, PRIMARY KEY (id),
  UNIQUE KEY mqtt_acked_key (clientid,topic)) ENGINE=InnoDB DEFAULT CHARSET=utf8`
const OLD: readonly Table[] = ['mqtt_client', 'mqtt_sub', 'mqtt_msg', 'mqtt_retain', 'mqtt_acked']
const BLOB_BYTES = 65_535

class Mysql implements Subject {
  readonly name: string
  readonly kind = 'mysql'
  readonly skip = mariadbMissing()
  readonly sql = {
    bytes: 'longblob',
    text: 'longtext character set utf8mb4',
    boolean: 'boolean',
    serial: 'integer auto_increment',
    digits: (column: string) => `cast(${column} as char)`,
  }
  readonly transactions = true
  readonly wildcards = true
  readonly hides = true
  readonly tables: readonly Table[]
  readonly uniqueMsgid: boolean
  readonly timeStepMs: 1 | 1000
  readonly maxTopic: number
  readonly maxPayloadBytes: number
  readonly basicPlaneOnly: boolean
  #server: MariadbServer | undefined
  #databases = 0

  constructor(name: string, oldTables: boolean) {
    this.name = name
    this.tables = oldTables ? OLD : ALL_TABLES
    this.uniqueMsgid = !oldTables
    this.timeStepMs = oldTables ? 1000 : 1
    this.maxTopic = oldTables ? 1024 : Number.POSITIVE_INFINITY
    this.maxPayloadBytes = oldTables ? BLOB_BYTES : Number.POSITIVE_INFINITY
    this.basicPlaneOnly = oldTables
  }

  async start(): Promise<void> {
    this.#server = await startMariadb()
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
  }

  async bench(): Promise<Bench> {
    const server = this.#server!
    const database = `test${this.#databases++}`
    await server.createDatabase(database)
    const backend = await BACKENDS.mysql!()
    const settings = mysqlSettings(server, database)
    const sql: Bench['sql'] = (text) => server.query(text, database)
    if (this.tables === OLD) await sql(OLD_TABLES)
    else await backend.applySchema(OPTIONS, settings)
    const { connected: another, close } = opener(backend, () => settings)
    const epochMs = (column: string): string => `timestampdiff(microsecond, '1970-01-01', ${column}) / 1000`
    // Old tables have columns that must be given but for those who don't care; their time is then 0000-00-00.
    const careless = sqlBench((text) => sql(`set sql_mode = ''; ${text}`), epochMs)
    return {
      backend,
      pool: await another(),
      another,
      ...sqlBench(sql, epochMs),
      insertForeign: careless.insertForeign,
      schemaAgain: () => backend.applySchema(OPTIONS, settings),
      end: close,
    }
  }
}

export function mysqlSettings(server: MariadbServer, database = 'mqtt'): MysqlSettings {
  return {
    server: { host: server.host, port: server.port },
    pool_size: 3,
    user: server.user,
    password: server.password,
    database,
    ssl: false,
    cafile: undefined,
    certfile: undefined,
    keyfile: undefined,
    verify: true,
  }
}

export const subjects: readonly Subject[] = [new Mysql('mysql', false), new Mysql("mysql with EMQX's own tables", true)]
