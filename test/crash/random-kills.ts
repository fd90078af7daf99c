// Rounds of kill -9 at random moments, of the gateway and of the database, while publishers publish. Both are started again in
// each round; what the seed decides is who dies, when (also in the middle of starting), and who comes back first.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../helpers/random.ts'
import { drained, type Line, type Scene } from './scene.ts'

export interface Rounds {
  readonly rounds: number
  readonly seed: number
  say(line: string): void
}

const BLOWS = [
  'gateway',
  'gateway',
  'gateway twice',
  'server',
  'server',
  'both',
  'server hangs',
  'gateway, server hangs',
  'gateway, catching up',
  'stop',
  'stop, server hangs',
] as const
/** What may be found and healed elsewhere has no reason here. */
const NOT_BY_KILLS = /WentBack|journal_new_identity|journal_salvaged|dead_letter|lane_blocked|"level":"error"/
type Blow = (typeof BLOWS)[number]

/** Rejects when the ledger and the tables do not agree, with what is wrong. */
export async function randomKills(scene: Scene, { server, gateway }: Line, options: Rounds): Promise<void> {
  const { rounds, seed, say } = options
  const random = new Random(seed)
  const subscribers = await scene.subscribers(gateway, new Random(seed + 1))
  const publishers = scene.publishers(gateway, { seed, ...scene.kind.pace })
  publishers.flow()
  for (let round = 1; round <= rounds; round++) {
    await sleep(random.between(100, 900))
    const blow = round === 1 ? 'both' : random.pick(BLOWS) // however few rounds there are, both were killed
    assert.doesNotMatch(gateway.output, NOT_BY_KILLS)
    await strike(blow, { server, gateway, random })
    const { sent, repeated, acknowledged } = publishers.progress
    say(`round ${round}/${rounds}: ${blow}; sent ${sent}, repeated ${repeated}, acknowledged ${acknowledged}`)
  }
  await publishers.settle()
  await drained(gateway)
  await publishers.end()
  assert.doesNotMatch(gateway.output, NOT_BY_KILLS)
  await scene.verify(server)
  await scene.verifyReceived(subscribers)
  say('acknowledged minus stored or received is empty, what is promised once is there once, in order')
}

interface Struck extends Line {
  readonly random: Random
}

async function strike(blow: Blow, { server, gateway, random }: Struck): Promise<void> {
  const pause = (most: number): Promise<void> => sleep(random.between(0, most))
  switch (blow) {
    case 'gateway':
      await gateway.kill9()
      await gateway.start()
      break
    case 'gateway twice': {
      await gateway.kill9()
      const started = gateway.start().catch(() => {}) // it dies on the way
      await pause(600)
      await gateway.kill9()
      await started
      await gateway.start()
      break
    }
    case 'server':
      await server.kill9()
      await pause(500)
      await server.start()
      break
    case 'both':
      await Promise.all([gateway.kill9(), server.kill9()])
      await (random.next() < 0.5
        ? gateway.start().then(() => server.start())
        : server.start().then(() => gateway.start()))
      break
    case 'server hangs':
      server.pause()
      await pause(500)
      server.resume()
      break
    case 'gateway, server hangs':
      server.pause()
      await pause(500)
      await gateway.kill9()
      server.resume()
      await gateway.start()
      break
    case 'gateway, catching up':
      await server.kill9()
      await sleep(1500)
      await server.start()
      await pause(1200) // the back-off's longest
      await gateway.kill9()
      await gateway.start()
      break
    case 'stop, server hangs':
      server.pause()
      await pause(500)
      assert.equal(await gateway.stop(), 0)
      server.resume()
      await gateway.start()
      break
    case 'stop':
      assert.equal(await gateway.stop(), 0)
      await gateway.start()
      break
  }
}
