// What every backend promises, whatever the database: one suite, run over each against its real server.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { History } from './operations.ts'
import { rowSuite } from './rows.ts'
import { errorSuite, markSuite, statementSuite } from './statements.ts'
import type { Subject } from './subject.ts'
import type { Contract } from './support.ts'

const FOLDER = join(import.meta.dirname, 'subjects')

for (const file of readdirSync(FOLDER).sort()) {
  const { subjects = [] } = (await import(join(FOLDER, file))) as { subjects?: readonly Subject[] }
  for (const subject of subjects) {
    describe(subject.name, { skip: subject.skip }, () => {
      before(() => subject.start())
      after(() => subject.stop())
      suite(subject)
    })
  }
}

function suite(subject: Subject): void {
  const contract: Contract = (name, body) => {
    test(name, async () => {
      const bench = await subject.bench()
      try {
        await body(bench, new History())
      } finally {
        await bench.end()
      }
    })
  }

  rowSuite(subject, contract)
  markSuite(subject, contract)
  statementSuite(subject, contract)
  errorSuite(subject, contract)
}
