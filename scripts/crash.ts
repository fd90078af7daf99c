// `npm run crash -- [--kind KIND] --rounds N [--seed S]`: the long form of the random kills, a line a round.

import { parseArgs } from 'node:util'
import { nameOf } from '../test/crash/kind.ts'
import { KINDS } from '../test/crash/kinds/index.ts'
import { randomKills } from '../test/crash/random-kills.ts'
import { Scene, straightLine } from '../test/crash/scene.ts'

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'pgsql' },
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
  },
})
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
const kind = KINDS.find((kind) => nameOf(kind) === values.kind)
if (!kind || !(rounds > 0) || !Number.isInteger(seed)) {
  const kinds = KINDS.map(nameOf).join('|')
  throw new Error(`usage: npm run crash -- [--kind ${kinds}] [--rounds N] [--seed S]`)
}
const missing = kind.missing()
if (missing) throw new Error(missing)
console.log(`${nameOf(kind)}, seed ${seed}`)
const scene = new Scene(kind)
try {
  await randomKills(scene, await straightLine(scene), { rounds, seed, say: console.log })
} finally {
  await scene.close()
}
