// `npm run crash -- --rounds N [--seed S]`: the long form of the random kills, a line a round.

import { parseArgs } from 'node:util'
import { randomKills } from '../test/crash/random-kills.ts'
import { postgresMissing } from '../test/helpers/postgres.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
  },
})
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
if (!(rounds > 0) || !Number.isInteger(seed)) throw new Error('usage: npm run crash -- [--rounds N] [--seed S]')
const missing = postgresMissing()
if (missing) throw new Error(missing)
console.log(`seed ${seed}`)
await randomKills({ rounds, seed, say: console.log })
