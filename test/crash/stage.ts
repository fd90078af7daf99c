// Gateways and publishers with ledgers, and what else a scene has to put away when it ends. The database is `scene.ts`'s.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GatewayFiles, GatewayProcess } from '../helpers/gateway.ts'
import { Publishers, type PublishersOptions } from './publishers.ts'

export const CONF = 'forward.backoff_max = 1s\nclock.wait_for_sync = 0s\n'

/** As far as `node:test` is concerned. */
export interface Context {
  after(done: () => Promise<void>): void
  readonly passed?: boolean
}

export class Stage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-crash-'))
  #gateways: GatewayProcess[] = []
  readonly #publishers: Publishers[] = []
  /** How many of them published before `clear`. */
  #earlier = 0
  readonly #others: (() => Promise<void>)[] = []

  /** Without a context the caller calls `close`. */
  constructor(context?: Context) {
    context?.after(async () => {
      await this.clear(context)
      await this.close()
    })
  }

  /** Not started yet. */
  gatewayWith(files: GatewayFiles): GatewayProcess {
    const gateway = new GatewayProcess(files)
    this.#gateways.push(gateway)
    return gateway
  }

  publishers(gateway: GatewayProcess, options: Omit<PublishersOptions, 'port'> = {}): Publishers {
    const name = options.name ?? `p${this.#publishers.length}-`
    const publishers = new Publishers(join(this.#folder, name), { ...options, name, port: gateway.port })
    this.#publishers.push(publishers)
    return publishers
  }

  /** Who published since `clear`. */
  get present(): readonly Publishers[] {
    return this.#publishers.slice(this.#earlier)
  }

  /** Who published before. */
  get earlier(): readonly Publishers[] {
    return this.#publishers.slice(0, this.#earlier)
  }

  /** Called when the scene ends. */
  closing(close: () => Promise<void>): void {
    this.#others.push(close)
  }

  /** A file or folder of the scene's own. */
  path(name: string): string {
    return join(this.#folder, name)
  }

  /** Publishers and gateways go; what they wrote stays. Of a test that failed they leave their last words. */
  async clear(context?: Pick<Context, 'passed'>): Promise<void> {
    if (context?.passed === false) for (const { output } of this.#gateways) console.log(output.slice(-4000))
    await Promise.all(this.#publishers.map((publishers) => publishers.kill()))
    await Promise.all(this.#gateways.map((gateway) => gateway.remove()))
    this.#gateways = []
    this.#earlier = this.#publishers.length
  }

  async close(): Promise<void> {
    await this.clear()
    for (const close of this.#others) await close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
