import { postgresMissing, startPostgres } from '../helpers/postgres.ts'
import { outage } from './outage-sql.ts'

outage({
  kind: 'pgsql',
  database: 'PostgreSQL',
  skip: postgresMissing(),
  documentedPort: 5432,
  serial: 'serial',
  epochMs: (column) => `extract(epoch from ${column})::float8 * 1000`,
  start: startPostgres,
})
