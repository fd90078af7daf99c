// A broker of ours on hooks in memory, and stock aedes beside it: the control that shows that a scene can fail.

import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { Aedes, type AedesOptions } from 'aedes'
import { type Broker, type BrokerOptions, startBroker } from '../../src/broker/broker.ts'
import { createLogger } from '../../src/log/logger.ts'
import { startStockAedes } from '../bench/peers.ts'
import { FakeHooks } from './fake-hooks.ts'

export interface TestBroker {
  readonly port: number
  close(): Promise<void>
}

export interface OurBroker extends TestBroker {
  readonly broker: Broker
  readonly hooks: FakeHooks
}

export const silentLog = createLogger({ level: 'silent', pretty: false })

export async function startOurs(options: Partial<BrokerOptions> = {}, hooks = new FakeHooks()): Promise<OurBroker> {
  const broker = await startBroker({
    node: 'test@127.0.0.1',
    listeners: [{ kind: 'tcp', name: 'test', host: '127.0.0.1', port: 0 }],
    hooks,
    journal: hooks.journal,
    store: hooks.store,
    log: silentLog,
    ...options,
  })
  return { broker, hooks, port: broker.listeners[0]!.port, close: () => broker.close() }
}

export async function startStock(options: AedesOptions = {}, prepare?: (broker: Aedes) => void): Promise<TestBroker> {
  const broker = await Aedes.createBroker(options)
  prepare?.(broker)
  broker.on('clientError', () => {}).on('connectionError', () => {})
  const server = createServer((socket) => void broker.handle(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    server.close()
    await new Promise<void>((resolve) => broker.close(resolve))
  }
  return { port: (server.address() as AddressInfo).port, close }
}

export interface Scene {
  readonly ours?: Partial<BrokerOptions>
  readonly stock?: AedesOptions
  prepareStock?(broker: Aedes): void
  /** It ends stock aedes' process, which therefore is one of its own. */
  readonly fatal?: boolean
  /** Runs against either broker; what it asserts holds on ours and does not on stock aedes. */
  run(broker: TestBroker): Promise<void>
}

/** Two tests: the scene passes on our broker, and fails on stock aedes. `npm run aedes-next` has it played on another aedes. */
export function scene(title: string, { ours, stock, prepareStock, fatal = false, run }: Scene): void {
  const onStock = (): Promise<void> => during(fatal ? startStockProcess() : startStock(stock, prepareStock), run)
  test(title, () => during(startOurs(ours), run))
  if (process.env.HOLDFAST_AEDES) test(`next: ${title}`, onStock)
  else test(`control: stock aedes fails "${title}"`, () => assert.rejects(onStock(), assert.AssertionError))
}

async function startStockProcess(): Promise<TestBroker> {
  const { port, stop } = await startStockAedes('ignore')
  return { port, close: stop }
}

async function during(starting: Promise<TestBroker>, run: Scene['run']): Promise<void> {
  const broker = await starting
  try {
    await run(broker)
  } finally {
    await broker.close()
  }
}
