import { mariadbMissing, startMariadb } from '../helpers/mariadb.ts'
import { outage } from './outage-sql.ts'

outage({
  kind: 'mysql',
  database: 'MariaDB',
  skip: mariadbMissing(),
  documentedPort: 3306,
  serial: 'integer auto_increment',
  epochMs: (column) => `timestampdiff(microsecond, '1970-01-01', ${column}) / 1000`,
  start: startMariadb,
})
