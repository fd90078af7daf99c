// What any SQL server may do to us: it hangs, is killed, its answers are lost or come late, its tables are locked.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from '../../src/model/backend.ts'
import type { Operation } from '../../src/model/operation.ts'
import { type Exchange, type FaultyProxy, startProxy } from '../helpers/proxy.ts'
import type { ServerProcess } from '../helpers/server-process.ts'
import { custom, type History, insert, JOURNAL, moveTo } from './operations.ts'
import { exact, never, refusal, type scenes, within } from './support.ts'

interface Bench {
  readonly server: ServerProcess & { start(): Promise<void> }
  /** The rows of `mqtt_msg`, in order. */
  stored(): Promise<string[]>
  connected(changes?: { readonly pool_size?: number }): Promise<Pool>
  /** A pool through a proxy. */
  through(proxy: FaultyProxy): Promise<Pool>
  /** Keeps everybody from `mqtt_msg` for half a second. */
  lock(): Promise<unknown>
  /** How a COMMIT and its answer look on the wire, where it is not PostgreSQL's. */
  readonly commit?: Exchange
}

const TEXT = 'insert into mqtt_msg(topic, payload) values (?, ?)'
const put = (history: History, payload: string): Operation[] => history.events(insert(history.message('a', payload)))
/** By a function, and by a custom statement. */
const twice = (history: History, payload: string): Operation[] => [
  ...put(history, payload),
  ...history.events(custom([TEXT, 'a', Buffer.from(`${payload}, custom`)])),
]

export function sqlServerSuite(scene: ReturnType<typeof scenes>, bench: () => Bench): void {
  const throughProxy = async (body: (made: Pool, proxy: FaultyProxy) => Promise<void>): Promise<void> => {
    const { server, through, commit } = bench()
    const proxy = await startProxy({ port: server.port }, commit)
    try {
      await body(await through(proxy), proxy)
    } finally {
      await proxy.close()
    }
  }

  scene('a hanging server ends with the signal, and reads give their connection back', async (history) => {
    const { server, connected } = bench()
    const made = await connected({ pool_size: 1 })
    await made.ping(never)
    server.pause()
    try {
      await refusal(made.write(put(history, '1'), null, exact, within(200)), 'transient')
      await refusal(made.read({ read: 'retained', filter: 'a' }, within(200)), 'transient')
      await refusal(made.connect(within(200)), 'transient')
    } finally {
      server.resume()
    }
    assert.deepEqual(await made.read({ read: 'retained', filter: 'a' }, never), [])
    await made.connect(never)
  })

  scene('reads beyond the pool wait for a free connection', async () => {
    const made = await bench().connected({ pool_size: 2 })
    const reads = Array.from({ length: 10 }, () => made.read({ read: 'messages', filter: '#' }, never))
    assert.equal((await Promise.all(reads)).length, 10)
    await made.close()
  })

  scene('a server that was killed and came back', async (history) => {
    const { server, connected, stored } = bench()
    const made = await connected()
    await made.ping(never)
    const batch = put(history, '1')
    await server.kill9()
    await refusal(made.write(batch, null, exact, never), 'transient')
    await refusal(made.connect(never), 'transient')
    await server.start()
    await made.connect(never)
    await made.write(batch, moveTo(batch), exact, never)
    assert.deepEqual(await stored(), ['1'])
    assert.deepEqual(await made.read({ read: 'retained', filter: 'a' }, never), [])
  })

  scene('a lost answer: the transaction is there, and so is its mark', (history) =>
    throughProxy(async (made, proxy) => {
      const [first, second] = [twice(history, '1'), twice(history, '2')]
      await made.write(first, moveTo(first), exact, never)
      const swallowed = proxy.swallowAnswer()
      await refusal(made.write(second, moveTo(second, moveTo(first).to), exact, never), 'transient')
      await swallowed
      await made.connect(never)
      assert.deepEqual(await made.mark(JOURNAL), moveTo(second).to)
      assert.deepEqual(await bench().stored(), ['1', '1, custom', '2', '2, custom'])
    }),
  )

  scene('one round trip for a batch, whatever is in it: all of it is sent before the first answer', (history) =>
    throughProxy(async (made, proxy) => {
      const mixed = (): Operation[] => Array.from({ length: 100 }, () => twice(history, 'x')).flat()
      const first = mixed()
      await made.write(first, moveTo(first), exact, never) // the types of columns and parameters are asked for once
      const second = mixed()
      proxy.withholdAnswers()
      await made.write(second, moveTo(second, moveTo(first).to), exact, within(20_000))
      assert.deepEqual((await bench().stored()).slice(0, 4), ['x', 'x, custom', 'x', 'x, custom'])
    }),
  )

  scene('a table that somebody holds locked is waited for', async (history) => {
    const { connected, lock, stored } = bench()
    const made = await connected()
    const blocker = lock()
    await sleep(150)
    await made.write(put(history, '1'), null, exact, never)
    await blocker
    assert.deepEqual(await stored(), ['1'])
  })
}
