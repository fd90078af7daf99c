// A whole console fed with random bytes, keys among them: it neither fails, nor runs what nobody has typed twice, nor keeps anything.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { serveConsole } from '../../src/console/console.ts'
import type { Host } from '../../src/console/host.ts'
import { HoldfastError } from '../../src/model/errors.ts'
import { until } from '../helpers/gateway.ts'
import { Random } from '../helpers/random.ts'
import { Wire } from '../helpers/screen.ts'

/** A gateway that has one account, and answers everything at once. */
class Gateway implements Host {
  readonly ran: string[] = []
  readonly proof = { name: 'ada', digest: '' }

  idleMs = () => null
  setupCode = () => undefined
  holds = () => true
  complete = () => [{ word: 'status' }, { word: 'storage', doc: 'the disk' }]
  preview = async () => 'It does something.'
  setUp = async () => this.proof
  changePassword = async () => this.proof
  async *follow(): AsyncGenerator<unknown> {
    yield 1
  }
  async login(name: string, password: string): Promise<typeof this.proof> {
    if (name === 'ada' && password === 'right') return this.proof
    throw new HoldfastError('LOGIN', 'the name or the password is wrong')
  }
  async run(name: string): Promise<unknown> {
    this.ran.push(name)
    if (name === 'config status') return { candidate: null, toConfirm: null }
    if (name === 'status') throw new HoldfastError('NOT_RUNNING', 'no gateway is running')
    return { some: 'x'.repeat(200), rows: Array.from({ length: 50 }, (_, n) => ({ n, text: 'row' })) }
  }
}

const PIECES = [
  '\r',
  '\r\n',
  '\t',
  '\x03',
  '\x04',
  '\x15',
  '\x0c',
  '\x1b[A',
  '\x1b[D',
  '\x1b',
  '\x1b[200~',
  '\x1b[201~',
  '\x1b[24;80R',
  'help\r',
  'watch status\r',
  'clock\r',
  'paste x\r',
  'history\r',
  'lane skip a --to 1\r',
  'y\r',
  'q',
  ' ',
  'logout\r',
]

function noise(random: Random): Buffer {
  if (random.next() < 0.6) return Buffer.from(random.pick(PIECES))
  return Buffer.from(Array.from({ length: random.between(1, 60) }, () => random.between(0, 255)))
}

const seed = Number(process.env.SEED ?? 20_261_121)
test(`random keys and bytes (seed ${seed})`, async () => {
  for (let round = 0; round < 20; round++) {
    const random = new Random(seed + round)
    const wire = new Wire().read()
    const gateway = new Gateway()
    const ended = serveConsole(wire.line, { host: gateway, from: 'console test' })
    wire.type('ada\rright\r')
    for (let n = 0; n < 400; n++) {
      wire.type(noise(random))
      if (n % 20 === 0) await turn()
    }
    // whatever it is in the middle of: out of pastes, pages and questions, and once more with feeling
    await getsAlong(wire, gateway)
    wire.toConsole.end()
    await ended
  }
})

/** Somebody comes, and gets along. */
async function getsAlong(wire: Wire, gateway: Gateway): Promise<void> {
  const before = gateway.ran.length
  for (let tries = 0; tries < 200; tries++) {
    wire.type('\x03')
    wire.type('\x03\x15\r\r')
    await sleep(10)
    wire.type('ada\rright\r')
    await sleep(10)
    wire.type('topics\r')
    await sleep(10)
    if (gateway.ran.slice(before).includes('topics')) return
  }
  assert.fail(`nobody gets along with it any more:\n${wire.screen.visible}`)
}

test('what noise has touched is not run before it was looked at', async () => {
  const wire = new Wire().read()
  const gateway = new Gateway()
  const ended = serveConsole(wire.line, { host: gateway, from: 'console test' })
  wire.type('ada\rright\r')
  wire.type(Buffer.from('clo\xffck\r', 'latin1'))
  await wire.sees(/> clock$/)
  assert.equal(gateway.ran.includes('clock'), false)
  wire.type('\r')
  await wire.sees(/--more--$/)
  assert.equal(gateway.ran.includes('clock'), true)
  wire.toConsole.end()
  await ended
})

test('what nobody reads is bounded, and so is what is typed ahead', async () => {
  const wire = new Wire() // nobody reads
  const ended = serveConsole(wire.line, { host: new Gateway(), from: 'console test' })
  wire.type('ada\rright\r')
  for (let n = 0; n < 1000; n++) wire.type('topics\r      \x03 more and more and more')
  await until('it reads no more', () => wire.toConsole.isPaused())
  await sleep(200) // for what may come all the same
  assert.ok(wire.fromConsole.readableLength + wire.fromConsole.writableLength < 16_384)
  assert.ok(wire.toConsole.isPaused())
  wire.toConsole.destroy()
  await ended
})
