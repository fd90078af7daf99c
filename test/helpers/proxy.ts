// A TCP proxy between a client and its server, with the faults that a network and a dying server have.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface ProxyTarget {
  readonly host?: string
  readonly port: number
}

/** An answer to be swallowed: the client says `asked`, and the server is done when it says `answered`. Of bytes as latin1. */
export interface Exchange {
  readonly asked: RegExp
  readonly answered: RegExp
}

/** PostgreSQL: a commit, until the server is ready for a query outside of a transaction. */
export const COMMIT: Exchange = { asked: /\bcommit\b/i, answered: /Z\0\0\0\x05I/ }

export async function startProxy(target: ProxyTarget): Promise<FaultyProxy> {
  const proxy = new FaultyProxy(target)
  await proxy.listen()
  return proxy
}

export class FaultyProxy {
  readonly host = '127.0.0.1'
  #target: ProxyTarget
  #server: Server | undefined
  #port = 0
  readonly #pairs = new Set<{ client: Socket; server: Socket }>()
  #delayMs = 0
  #hung = false
  #swallow: { exchange: Exchange; times: number; done: () => void } | undefined

  constructor(target: ProxyTarget) {
    this.#target = target
  }

  get port(): number {
    return this.#port
  }

  /** New connections go there from now on. */
  set target(target: ProxyTarget) {
    this.#target = target
  }

  async listen(): Promise<void> {
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client)).listen(this.#port, this.host)
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Cuts all connections, without a goodbye. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }
  }

  /** Cuts all connections and refuses new ones, until `listen`. */
  async refuse(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.cut()
    if (!server) return
    server.close()
    await once(server, 'close')
  }

  /** Each piece of data, in both directions, arrives so much later. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  /** A black hole: connections stay open, new ones are taken, and nothing passes; until `unhang`, when what was kept passes. */
  hang(): void {
    this.#hung = true
    for (const { client, server } of this.#pairs) {
      client.pause()
      server.pause()
    }
  }

  unhang(): void {
    this.#hung = false
    for (const { client, server } of this.#pairs) {
      client.resume()
      server.resume()
    }
  }

  /**
   * The next `times` that a client asks so, the server gets it and does it, its answer is dropped, and the connection is
   * cut. Resolves after the last time.
   */
  swallowAnswer(exchange: Exchange = COMMIT, times = 1): Promise<void> {
    return new Promise((done) => {
      this.#swallow = { exchange, times, done }
    })
  }

  async close(): Promise<void> {
    await this.refuse()
  }

  #join(client: Socket): void {
    const server = connect({ host: '127.0.0.1', ...this.#target, allowHalfOpen: true })
    const pair = { client, server }
    this.#pairs.add(pair)
    let swallowing: Exchange | undefined
    client.on('data', (data) => {
      const exchange = this.#swallow?.exchange
      if (exchange?.asked.test(data.toString('latin1'))) swallowing = exchange
      this.#pass(data, server)
    })
    server.on('data', (data) => {
      if (!swallowing) return this.#pass(data, client)
      if (!swallowing.answered.test(data.toString('latin1'))) return
      client.resetAndDestroy()
      server.destroy()
      this.#swallowed()
    })
    for (const [here, there] of [
      [client, server],
      [server, client],
    ] as const) {
      here.on('end', () => this.#later(() => there.end()))
      here.on('error', () => there.destroy())
      here.on('close', () => {
        there.destroy()
        this.#pairs.delete(pair)
      })
      if (this.#hung) here.pause()
    }
  }

  #pass(data: Buffer, to: Socket): void {
    this.#later(() => to.writable && to.write(data))
  }

  #later(act: () => void): void {
    if (this.#delayMs > 0) setTimeout(act, this.#delayMs)
    else act()
  }

  #swallowed(): void {
    const swallow = this.#swallow
    if (!swallow || --swallow.times > 0) return
    this.#swallow = undefined
    swallow.done()
  }
}
