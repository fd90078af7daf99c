// What a kind costs as long as no pool of it is opened.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { BACKENDS } from '../../src/backends/index.ts'

const DRIVERS: Readonly<Record<string, string>> = {
  pgsql: 'pg',
  mysql: 'mysql2',
  redis: 'ioredis',
  mongo: 'mongodb',
  cassa: 'cassandra-driver',
  dynamo: '@aws-sdk/client-dynamodb',
}

const folderOf = (module: string): string => `/node_modules/${module}/`

/** The files that Node has read as modules when it is through with `script`. */
function loaded(script: string): string[] {
  const list = `
    import { createRequire, registerHooks } from 'node:module'
    const urls = []
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
    ${script}
    process.stdout.write(JSON.stringify(urls))`
  const words = ['--input-type=module', '--eval', list]
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8', cwd: import.meta.dirname }))
}

for (const kind of Object.keys(BACKENDS)) {
  const driver = DRIVERS[kind]
  if (driver === undefined) continue // the embedded one's is loaded for the journal anyway
  test(`${kind}: its driver is loaded when a pool is opened, and not before`, () => {
    const index = loaded(`await import('../../src/backends/${kind}/index.ts')`)
    assert.ok(index.length > 0)
    assert.deepEqual(
      index.filter((url) => url.includes(folderOf(driver))),
      [],
    )
    assert.ok(loaded(`await import('${driver}')`).some((url) => url.includes(folderOf(driver))))
  })
}
