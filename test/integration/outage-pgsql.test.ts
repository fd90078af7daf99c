import { postgresMissing, startPostgres } from '../helpers/postgres.ts'
import { sqlOutage } from './outage-sql.ts'

sqlOutage({
  kind: 'pgsql',
  database: 'PostgreSQL',
  skip: postgresMissing(),
  documented: '127.0.0.1:5432',
  serial: 'serial',
  epochMs: (column) => `extract(epoch from ${column})::float8 * 1000`,
  start: startPostgres,
})
