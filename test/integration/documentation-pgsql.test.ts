import { OLD_TABLES } from '../contract/subjects/pgsql.ts'
import { postgresMissing, startPostgres } from '../helpers/postgres.ts'
import { chapter } from './documentation-sql.ts'

chapter({
  kind: 'pgsql',
  title: 'PostgreSQL',
  skip: postgresMissing(),
  address: '127.0.0.1:5432',
  tables: OLD_TABLES,
  columns: {
    mqtt_client: ['id', 'clientid', 'state', 'node', 'online_at', 'offline_at', 'created'],
    mqtt_msg: ['id', 'msgid', 'sender', 'topic', 'qos', 'retain', 'payload', 'arrived'],
    mqtt_retain: ['id', 'topic', 'msgid', 'sender', 'qos', 'payload', 'arrived'],
    mqtt_acked: ['id', 'clientid', 'topic', 'mid', 'created'],
  },
  state: Number,
  start: startPostgres,
})
