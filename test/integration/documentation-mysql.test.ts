import { OLD_TABLES } from '../contract/subjects/mysql.ts'
import { mariadbMissing, startMariadb } from '../helpers/mariadb.ts'
import { chapter } from './documentation-sql.ts'

chapter({
  kind: 'mysql',
  title: 'MySQL',
  skip: mariadbMissing(),
  address: '127.0.0.1:3306',
  tables: OLD_TABLES,
  columns: {
    mqtt_client: ['id', 'clientid', 'state', 'node', 'online_at', 'offline_at', 'created'],
    mqtt_msg: ['id', 'msgid', 'topic', 'sender', 'node', 'qos', 'retain', 'payload', 'arrived'],
    mqtt_retain: ['id', 'topic', 'msgid', 'sender', 'node', 'qos', 'payload', 'arrived'],
    mqtt_acked: ['id', 'clientid', 'topic', 'mid', 'created'],
  },
  state: (online) => (online ? '1' : '0'),
  start: startMariadb,
})
