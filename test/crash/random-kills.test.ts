import { test } from 'node:test'
import { postgresMissing } from '../helpers/postgres.ts'
import { randomKills } from './random-kills.ts'

const seed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000)

test(`20 rounds of kill -9 at random moments, seed ${seed}`, { skip: postgresMissing() }, async (t) => {
  await randomKills({ rounds: 20, seed, say: (line) => t.diagnostic(line) })
})
