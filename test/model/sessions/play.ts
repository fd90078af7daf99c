// What a seed makes the clients and the gateway do.

import { setTimeout as sleep } from 'node:timers/promises'
import { type GatewayProcess, until } from '../../helpers/gateway.ts'
import type { Random } from '../../helpers/random.ts'
import { Client, type Manner } from './client.ts'
import { World } from './world.ts'

const CLIENTS = 5
const TOPICS = ['a/1', 'a/2', 'b/1', 'b/2', 'b/2/x', 'c'] as const
const FILTERS = ['#', '+/1', '+/2', 'a/#', 'a/+', 'a/1', 'b/2', 'b/#', 'b/+/x', 'c', 'will/+'] as const
const PATIENCE_MS = 20_000

export class Play {
  readonly world: World
  readonly #gateway: GatewayProcess
  readonly #random: Random
  readonly #clients: readonly Client[]

  /** @param maxInflight the gateway's */
  constructor(gateway: GatewayProcess, random: Random, maxInflight: number) {
    this.world = new World(maxInflight)
    this.#gateway = gateway
    this.#random = random
    this.#clients = Array.from(
      { length: CLIENTS },
      (_, index) => new Client({ id: `c${index}`, world: this.world, random, port: () => gateway.port }),
    )
  }

  /** Clients do as they like for a while; then, perhaps, the gateway dies. Stops at the first fault. */
  async round(): Promise<void> {
    const random = this.#random
    const most = random.pick([10, 60, 150])
    for (let left = random.between(1, most); left > 0 && this.world.faults.length === 0; left--) {
      this.#act(random.pick(this.#clients))
      if (random.next() < 0.7) await sleep(random.between(0, 15))
    }
    const fate = random.next()
    if (fate < 0.5) await this.#end(true)
    else if (fate < 0.7) await this.#end(false)
    if (random.next() < 0.4) await this.settle()
  }

  async #end(isCrash: boolean): Promise<void> {
    const { world } = this
    world.say('gateway', isCrash ? 'kill -9' : 'SIGTERM')
    world.endsAt = world.now
    const code = isCrash ? await this.#gateway.kill9() : await this.#gateway.stop()
    if (!isCrash && code !== 0) world.fault('gateway', `ends with ${code}`)
    await until('all connections are gone', () => this.#clients.every(({ isOffline }) => isOffline))
    world.say('gateway', 'is gone')
    if (isCrash) world.kills++
    for (const client of this.#clients) client.gatewayEnded(isCrash)
    await this.#gateway.start()
    world.say('gateway', 'runs')
    for (const client of this.#clients) client.gatewayStarted()
  }

  /** Everybody who has a session connects and answers everything, until nothing is missing. */
  async settle(): Promise<void> {
    const { world } = this
    world.say('gateway', 'everybody comes, and answers')
    for (const client of this.#clients) if (client.hasStoredSession || client.isUp) client.connect(false, 'all')
    let missing: string[] = []
    const settled = (): boolean => {
      for (const client of this.#clients) if (client.isUp) client.catchUp()
      missing = this.#clients.flatMap((client) => client.missing())
      return missing.length === 0 || world.faults.length > 0
    }
    await until('nothing is missing', settled, PATIENCE_MS).catch(() => {
      for (const what of missing) world.fault(what.split(':')[0]!, what, what.split(': ').at(-1)!)
    })
  }

  #act(client: Client): void {
    const random = this.#random
    if (client.isOffline) {
      if (random.next() < 0.6) this.#connect(client)
      return
    }
    if (!client.isUp) {
      if (random.next() < 0.05) this.#leave(client)
      return
    }
    const choice = random.next()
    if (choice < 0.5) this.#publish(client)
    else if (choice < 0.7) client.subscribe(this.#filters().map((filter) => [filter, random.pick([0, 1, 1, 2, 2])]))
    else if (choice < 0.77) this.#unsubscribe(client)
    else if (choice < 0.85) client.catchUp()
    else if (choice < 0.9) client.ping()
    else this.#leave(client)
  }

  #connect(client: Client): void {
    const random = this.#random
    const clean = random.next() < (client.hasStoredSession ? 0.1 : 0.3)
    const manner = random.pick<Manner>(['all', 'all', 'some', 'some', 'none'])
    const will = { topic: `will/${client.id}`, qos: random.pick([0, 1, 2] as const), retain: random.next() < 0.3 }
    client.connect(clean, manner, random.next() < 0.4 ? will : undefined)
  }

  #leave(client: Client): void {
    const choice = this.#random.next()
    if (choice < 0.3) this.#connect(client)
    else if (choice < 0.65) client.disconnect()
    else client.drop()
  }

  #publish(client: Client): void {
    const random = this.#random
    const topic = random.pick(TOPICS)
    for (let left = random.between(1, 6); left > 0; left--) {
      const retain = random.next() < 0.15
      const padding = random.next() < 0.05 ? 20_000 : random.between(0, 100)
      const clears = retain && random.next() < 0.3
      client.publish({ topic, qos: random.pick([0, 1, 1, 2, 2]), retain }, clears ? undefined : padding)
    }
  }

  #unsubscribe(client: Client): void {
    const { filters } = client.session!
    if (filters.length > 0) client.unsubscribe([this.#random.pick(filters)])
  }

  #filters(): string[] {
    return Array.from({ length: this.#random.between(1, 3) }, () => this.#random.pick(FILTERS))
  }
}
