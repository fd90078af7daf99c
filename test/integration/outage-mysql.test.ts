import { mariadbMissing, startMariadb } from '../helpers/mariadb.ts'
import { sqlOutage } from './outage-sql.ts'

sqlOutage({
  kind: 'mysql',
  database: 'MariaDB',
  skip: mariadbMissing(),
  documented: '127.0.0.1:3306',
  serial: 'integer auto_increment',
  epochMs: (column) => `timestampdiff(microsecond, '1970-01-01', ${column}) / 1000`,
  start: startMariadb,
})
