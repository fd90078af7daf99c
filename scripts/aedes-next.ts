// aedes-next.ts VERSION FOLDER, of `npm run aedes-next`: the scenes that stock aedes fails, played on another version of it; and our broker on that.

import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { run } from 'node:test'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'

const HOOK = join(import.meta.dirname, 'aedes-next-hook.ts')
const FILES = ['defects', 'protocol'].map((name) =>
  join(import.meta.dirname, `../test/integration/broker-${name}.test.ts`),
)
/** Unacknowledged packets of one session; the deeper is so many times the other. */
const [SHALLOW, TIMES] = [1000, 32]
/** Defect 14 is one of cost: it is mended where the cost grows less than this over those times. */
const STILL_FLAT = 4
const UPDATES = 200
/** Of what a scene met, characters. */
const LONGEST = 110

interface Verdict {
  readonly defect: number
  readonly scene: string
  readonly remedy: 'needed' | 'not needed' | 'not known'
  /** What the scene met. */
  readonly why: string
}

/** Else every scene would fail, and every remedy seem to be needed. */
async function assertUsable(): Promise<void> {
  const { startStock } = await import('../test/helpers/brokers.ts')
  const { RawClient } = await import('../test/helpers/raw-client.ts')
  const { port, close } = await startStock()
  const client = await RawClient.connect(port, { clientId: 'subscriber', clean: false })
  await client.subscribe(['t', 1])
  await client.publish('t', 'x', { qos: 1 })
  await client.received('publish')
  await client.drop()
  await close()
}

interface Outcome {
  readonly verdicts: readonly Verdict[]
  /** Of our broker on that aedes: titles, and what they met. */
  readonly ours: { readonly passed: number; readonly failed: readonly string[] }
}

async function play(): Promise<Outcome> {
  const verdicts: Verdict[] = []
  const failed: string[] = []
  let passed = 0
  for await (const { type, data } of run({ files: FILES, concurrency: 1 })) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const error = type === 'test:fail' ? (data.details.error.cause as Failure) : undefined
    const [, defect, scene] = /^next: #(\d+) (.*)$/.exec(data.name) ?? []
    if (scene !== undefined) verdicts.push(verdict(Number(defect), scene, error))
    else if (error) failed.push(`${data.name}: ${said(error)}`)
    else passed++
  }
  return { verdicts, ours: { passed, failed } }
}

type Failure = Error & { readonly code?: string; readonly actual?: unknown; readonly expected?: unknown }

function verdict(defect: number, scene: string, error: Failure | undefined): Verdict {
  if (!error) return { defect, scene, remedy: 'not needed', why: 'the scene passes' }
  return { defect, scene, remedy: error.code === 'ERR_ASSERTION' ? 'needed' : 'not known', why: said(error) }
}

function said({ message, actual, expected }: Failure): string {
  const told = message.startsWith('Expected values') ? `${inspect(actual)} and not ${inspect(expected)}` : message
  const line = told.replace(/\s+/g, ' ')
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
}

/** A packet that waits is looked for among all that wait. */
async function costOfWaiting(): Promise<Verdict> {
  const about = { defect: 14, scene: 'the cost of a packet does not grow with those that wait' }
  try {
    const times = (await costAt(SHALLOW * TIMES)) / (await costAt(SHALLOW))
    const remedy = times < STILL_FLAT ? 'not needed' : 'needed'
    return { ...about, remedy, why: `${times.toFixed(0)} times the cost beside ${TIMES} times the packets` }
  } catch (error) {
    return { ...about, remedy: 'not known', why: said(error as Error) }
  }
}

/** @returns ms of so many updates of the newest of `depth` packets */
async function costAt(depth: number): Promise<number> {
  const { Aedes } = await import('aedes')
  const { persistence } = (await Aedes.createBroker()) as unknown as { persistence: AedesStore }
  const packetOf = (brokerCounter: number): object => ({
    ...{ cmd: 'publish', topic: 't', payload: Buffer.alloc(0), qos: 1, retain: false },
    ...{ brokerId: 'b', brokerCounter, messageId: brokerCounter },
  })
  for (let n = 1; n <= depth; n++) await persistence.outgoingEnqueue({ clientId: 'c' }, packetOf(n))
  const since = performance.now()
  for (let n = 0; n < UPDATES; n++) await persistence.outgoingUpdate({ id: 'c' }, packetOf(depth))
  return performance.now() - since
}

interface AedesStore {
  outgoingEnqueue(subscription: { clientId: string }, packet: object): Promise<void>
  outgoingUpdate(client: { id: string }, packet: object): Promise<unknown>
}

function print(version: string, { verdicts, ours }: Outcome): void {
  const needed = verdicts.filter(({ remedy }) => remedy !== 'not needed').length
  console.log(
    `\naedes ${version} as it comes: ${needed} of ${verdicts.length} scenes need the remedy of src/broker/DESIGN.md\n`,
  )
  for (const { defect, remedy, scene, why } of verdicts) {
    console.log(`${`#${defect}`.padEnd(4)} ${remedy.padEnd(11)} ${scene}\n${' '.repeat(17)}${why}`)
  }
  const { passed, failed } = ours
  console.log(
    `\nOur broker on it: ${passed} tests of ${passed + failed.length} pass${failed.length > 0 ? '; not:' : ''}`,
  )
  for (const line of failed) console.log(`  ${line}`)
}

const [version, folder] = process.argv.slice(2)
process.env.HOLDFAST_AEDES = pathToFileURL(createRequire(resolve(folder!, 'any.js')).resolve('aedes')).href
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import=${pathToFileURL(HOOK)}`
await import(HOOK)
await assertUsable()
const { verdicts, ours } = await play()
print(version!, { verdicts: [...verdicts, await costOfWaiting()].sort((a, b) => a.defect - b.defect), ours })
process.exit() // a scene that fails may leave a server behind
