// The programs of a MySQL server: MariaDB's, of the system; the vendor's own of version 5.6, of the cache (scripts/mysql56).

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from './cache.ts'
import { findProgram } from './processes.ts'

export interface Programs {
  readonly name: string
  /** What is said where there is no server. */
  readonly missing: string
  /** Its command line, up to the options. */
  server(): readonly string[] | undefined
  /** Makes the system tables in `folder/data`, or gives the statements that do, for a server that is started to run them. */
  systemTables(folder: string, options: readonly string[]): string
  /** A statement, a line. */
  setPassword(user: string, password: string): string
}

const find = (name: string): string | undefined => findProgram(name, ['/usr/sbin', '/usr/bin', '/usr/local/bin'])

export const MARIADB: Programs = {
  name: 'MariaDB',
  missing: 'MariaDB is not installed; as root: scripts/services install mysql',
  server() {
    const program = find('mariadb-install-db') && find('mariadbd')
    return program === undefined ? undefined : [program, '--no-defaults']
  },
  systemTables(folder, options) {
    const shape = ['--auth-root-authentication-method=normal', '--skip-test-db']
    const words = ['--no-defaults', ...options, ...shape]
    execFileSync(find('mariadb-install-db')!, words, { cwd: folder, stdio: 'pipe' })
    return ''
  },
  setPassword: (user, password) => `alter user ${user}@'127.0.0.1' identified by '${password}';`,
}

const DIST = join(CACHE, 'mysql-5.6.21')
const LIBRARIES = ['lib', 'usr/lib'].map((folder) => join(DIST, 'i386', folder, 'i386-linux-gnu'))

/** A program of 32 bits, with libraries of its own. */
export const MYSQL_56: Programs = {
  name: 'MySQL',
  missing: 'MySQL 5.6 is not in the cache: npm run mysql56',
  server() {
    if (!existsSync(DIST)) return undefined
    const loader = [join(LIBRARIES[0]!, 'ld-linux.so.2'), '--library-path', LIBRARIES.join(':')]
    const share = join(DIST, 'share')
    return [...loader, join(DIST, 'bin', 'mysqld'), '--no-defaults', `--basedir=${DIST}`, `--lc-messages-dir=${share}`]
  },
  systemTables(folder) {
    mkdirSync(join(folder, 'data'))
    const files = ['mysql_system_tables.sql', 'mysql_system_tables_data.sql']
    const statements = files.map((file) => readFileSync(join(DIST, 'share', file), 'utf8'))
    return ['create database mysql;', 'use mysql;', ...statements].join('\n')
  },
  setPassword: (user, password) => `update mysql.user set password = password('${password}') where user = '${user}';`,
}
