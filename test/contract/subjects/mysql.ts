// MySQL under the contract: with our tables, and with EMQX's own old ones.

import type { MysqlSettings } from '../../../src/backends/mysql/settings.ts'
import { type MariadbServer, mariadbMissing, startMariadb } from '../../helpers/mariadb.ts'
import { ALL_TABLES, type Subject, type Table } from '../subject.ts'
import { sqlSubject } from './sql.ts'

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
const MYSQL = {
  kind: 'mysql',
  skip: mariadbMissing(),
  types: {
    bytes: 'longblob',
    text: 'longtext character set utf8mb4',
    boolean: 'boolean',
    serial: 'integer auto_increment',
    returning: process.env.HOLDFAST_MYSQL === '5.6' ? '' : 'returning id', // MariaDB's alone
    digits: (column: string) => `cast(${column} as char)`,
  },
  launch: startMariadb,
  query: (server: MariadbServer, text: string, database: string) => server.query(text, database),
  // Old tables have columns that must be given but for those who don't care; their time is then 0000-00-00.
  careless: "set sql_mode = ''; ",
  settings: mysqlSettings,
  epochMs: (column: string) => `timestampdiff(microsecond, '1970-01-01', ${column}) / 1000`,
} as const

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

export const subjects: readonly Subject[] = [
  sqlSubject({
    ...MYSQL,
    name: 'mysql',
    tables: ALL_TABLES,
    timeStepMs: 1,
    maxTopic: Number.POSITIVE_INFINITY,
  }),
  sqlSubject({
    ...MYSQL,
    name: "mysql with EMQX's own tables",
    tables: OLD,
    oldTables: OLD_TABLES,
    timeStepMs: 1000,
    maxTopic: 1024,
    maxPayloadBytes: BLOB_BYTES,
    basicPlaneOnly: true,
  }),
]
