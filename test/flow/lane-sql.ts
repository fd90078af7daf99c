// A lane into a real SQL server, through what can happen to a transaction on its way. Each test has its own database and
// journal; at the end, what was acknowledged by the journal is in the tables once and in order.

import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolConfig } from '../../src/forward/forward.ts'
import type { Backend } from '../../src/model/backend.ts'
import type { Action, BackendKind } from '../../src/model/binding.ts'
import { OPTIONS } from '../contract/support.ts'
import { type Exchange, type FaultyProxy, startProxy } from '../helpers/proxy.ts'
import type { ServerProcess } from '../helpers/server-process.ts'
import { Scene, type SceneOptions } from './lane-scene.ts'

export interface SqlServer extends ServerProcess {
  start(): Promise<void>
  createDatabase(name: string): Promise<void>
}

export interface LanesOf<S extends SqlServer, Settings> {
  readonly kind: BackendKind
  readonly skip: string | false
  readonly backend: Backend<Settings>
  start(): Promise<S>
  /** How a COMMIT and its answer look on the wire, where it is not PostgreSQL's. */
  readonly commit?: Exchange
  settings(server: S, at: { readonly host: string; readonly port: number }, database: string): Settings
  query(server: S, text: string, database: string): Promise<Record<string, unknown>[]>
  /** DDL of a column that counts by itself. */
  readonly serial: string
  /** The code of a value that is too long for its column. */
  readonly refused: string
}

/** A custom statement into a table without any key: whatever is sent twice is there twice. */
const STATEMENT: Action = {
  statements: [{ texts: ['insert into seen (msgid, payload) values (', ', ', ')'], names: ['msgid', 'payload'] }],
}
const BOTH = [{ function: 'on_message_publish' }, STATEMENT] as const

export class SqlLanes<S extends SqlServer, Settings> {
  readonly #of: LanesOf<S, Settings>
  readonly #open: Scene[] = []
  #databases = 0
  database = ''
  server!: S
  proxy!: FaultyProxy

  constructor(of: LanesOf<S, Settings>) {
    this.#of = of
    before(async () => {
      if (of.skip) return
      this.server = await of.start()
      this.proxy = await startProxy(this.server, of.commit)
    })
    after(async () => {
      await this.proxy?.close()
      await this.server?.stop()
    })
    afterEach(async () => {
      for (const each of this.#open.splice(0).reverse()) await each.end()
      this.proxy?.heal()
    })
  }

  /** Through the proxy. */
  pool(changes: Partial<Settings> = {}): PoolConfig {
    const { kind, settings } = this.#of
    const made = { ...settings(this.server, this.proxy, this.database), ...changes }
    return { id: `${kind}.pool1`, name: 'pool1', kind, settings: made }
  }

  async freshDatabase(tables = true): Promise<void> {
    this.database = `lane${++this.#databases}`
    await this.server.createDatabase(this.database)
    if (tables) await this.makeTables()
  }

  async makeTables(): Promise<void> {
    const { backend, settings, serial } = this.#of
    await backend.applySchema(OPTIONS, settings(this.server, this.server, this.database))
    await this.query(`create table seen (n ${serial}, msgid text, payload varchar(100))`)
  }

  query(text: string): Promise<Record<string, unknown>[]> {
    return this.#of.query(this.server, text, this.database)
  }

  async scene(more: Partial<SceneOptions> = {}): Promise<Scene> {
    const started = await Scene.open({ pool: this.pool(), actions: BOTH, ...more })
    this.#open.push(started)
    return started
  }

  /** The messages' ids, in the order of the rows. */
  async stored(): Promise<unknown[]> {
    return (await this.query('select msgid from mqtt_msg order by id')).map(({ msgid }) => msgid)
  }

  /** All of them, once, in order, by the function and by the custom statement. */
  async assertStored(ids: readonly string[], why?: string): Promise<void> {
    assert.deepEqual(await this.stored(), ids, why)
    const seen = await this.query('select msgid from seen order by n')
    assert.deepEqual(
      seen.map(({ msgid }) => msgid),
      ids,
      why,
    )
  }

  /** What every SQL server must get through. */
  suite(): void {
    const { skip, refused } = this.#of

    test('order, and once', { skip }, async () => {
      await this.freshDatabase()
      const lane = await this.scene()
      const ids = [...(await lane.publish(1500)), ...(await lane.publish(700))]
      const { forwarded, state, exactlyOnce } = await lane.drained()
      await this.assertStored(ids)
      assert.deepEqual({ forwarded, state, exactlyOnce }, { forwarded: 2200, state: 'up', exactlyOnce: true })
    })

    test('what the database refuses is a dead letter with its own words, the rest goes on', { skip }, async () => {
      await this.freshDatabase()
      const lane = await this.scene()
      const ids = await lane.publish(50)
      const [bad] = await lane.publish(1, { payload: Buffer.from('x'.repeat(101)) })
      const rest = await lane.publish(50)
      const { deadLetters } = await lane.drained()
      assert.deepEqual(await this.stored(), [...ids, bad, ...rest], 'the other operation of the event was not at fault')
      await this.query(`delete from mqtt_msg where msgid = '${bad}'`)
      await this.assertStored([...ids, ...rest])
      assert.equal(deadLetters, 1)
      const [letter] = lane.journal.deadLetters.list()
      assert.equal(letter!.code, refused)
      assert.match(letter!.operation, /insert into seen .*"x+/)
    })

    test('an outage of the server: it waits, publishers feel nothing, then all of it', { skip }, async () => {
      await this.freshDatabase()
      const lane = await this.scene()
      const ids = await lane.publish(20)
      await lane.drained()
      await this.server.kill9()
      ids.push(...(await lane.publish(20)))
      const { error, waitingFor } = await lane.until(({ mode }) => mode === 'waiting')
      assert.equal(waitingFor, 'server')
      assert.ok(error!.code)
      ids.push(...(await lane.publish(500)))
      await lane.until(({ retries }) => retries > 3)
      await this.server.start()
      const status = await lane.drained()
      await this.assertStored(ids)
      assert.equal(status.error, null)
      assert.deepEqual(
        lane.said.filter((word) => /^pool_(up|down)$/.test(word)),
        ['pool_up', 'pool_down', 'pool_up'],
      )
    })

    test('connections that are cut again and again', { skip }, async () => {
      await this.freshDatabase()
      const lane = await this.scene()
      const ids: string[] = []
      for (let i = 0; i < 15; i++) {
        ids.push(...(await lane.publish(100)))
        await sleep(Math.random() * 60)
        this.proxy.cut()
      }
      await lane.drained()
      await this.assertStored(ids)
    })

    test('a commit whose answer is lost is not sent again, statements neither', { skip }, async () => {
      await this.freshDatabase()
      const lane = await this.scene()
      const ids = await lane.publish(10)
      await lane.drained()
      for (let i = 1; i <= 5; i++) {
        const swallowed = this.proxy.swallowAnswer()
        ids.push(...(await lane.publish(30)))
        await swallowed
        await lane.drained()
      }
      const { deadLetters } = await lane.until(({ recovered }) => recovered.answersLost === 5)
      await this.assertStored(ids)
      assert.equal(deadLetters, 0)
    })

    test('a server that hangs is given up and tried anew', { skip }, async (t) => {
      await this.freshDatabase()
      t.after(() => this.server.resume())
      const lane = await this.scene()
      const ids = await lane.publish(10)
      await lane.drained()
      this.server.pause()
      ids.push(...(await lane.publish(10)))
      const { error } = await lane.until(({ mode }) => mode === 'waiting')
      assert.equal(error!.code, 'TIMEOUT')
      const read = lane.forward.read(this.pool().id, { read: 'retained', filter: 't' }, 100)
      await assert.rejects(read, /gave no answer within 100 ms/)
      this.server.resume()
      await lane.drained()
      await this.assertStored(ids)
    })
  }
}
