// What every backend promises, whatever the database: one suite, run over each against its real server.

import { after, before, describe, test } from 'node:test'
import { History } from './operations.ts'
import { rowSuite } from './rows.ts'
import { errorSuite, markSuite, statementSuite } from './statements.ts'
import { SUBJECTS, type Subject } from './subjects.ts'
import type { Contract } from './support.ts'

for (const subject of SUBJECTS) {
  describe(subject.name, { skip: subject.skip }, () => {
    before(() => subject.start())
    after(() => subject.stop())
    suite(subject)
  })
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
  markSuite(contract)
  statementSuite(subject, contract)
  errorSuite(subject, contract)
}
