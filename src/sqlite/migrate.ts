// Numbered migrations, counted by component, so that rooms which share a file need not know each other.

import type { Database } from 'better-sqlite3'
import { HoldfastError } from '../model/errors.ts'

/**
 * Brings the tables of `component` to version `scripts.length`, in one transaction.
 * @param scripts the n-th (from 1) brings version n
 * Throws HoldfastError NEWER when a later program has been at the file.
 */
export function migrate(db: Database, component: string, scripts: readonly string[]): void {
  db.transaction(() => {
    db.exec('create table if not exists schema_version (component text primary key, version integer not null)')
    const version = versionOf(db, component)
    if (version > scripts.length) {
      throw new HoldfastError(
        'NEWER',
        `the tables of '${component}' have version ${version}, this program knows versions up to ${scripts.length}`,
        { hint: 'a newer Holdfast has used this data folder: run that version, or restore a backup made before it' },
      )
    }
    for (const script of scripts.slice(version)) db.exec(script)
    db.prepare('insert or replace into schema_version values (?, ?)').run(component, scripts.length)
  })()
}

function versionOf(db: Database, component: string): number {
  const found = db.prepare('select version from schema_version where component = ?').pluck().get(component)
  return (found as number | undefined) ?? 0
}
