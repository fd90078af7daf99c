// A TCP proxy between a client and its server, with the faults that a network and a dying server have.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface ProxyTarget {
  readonly host?: string
  readonly port: number
}

/** An answer to be swallowed. Bytes come as latin1. */
export interface Exchange {
  /** Makes, for one connection, what tells whether the client asks it now. It is shown all that the client says. */
  asked(): (said: string) => boolean
  /** The server is done. */
  readonly answered: RegExp
}

/** PostgreSQL: a commit, by text or prepared before, until the server is ready for a query outside of a transaction. */
export const COMMIT: Exchange = {
  asked: () => {
    let prepared: string | undefined
    return (said) => {
      const [, name] = /P[\0-\xff]{4}([^\0]*)\0commit\0/i.exec(said) ?? []
      prepared ??= name
      return /\bcommit\0/i.test(said) || (prepared !== undefined && said.includes(`\0${prepared}\0`))
    }
  },
  answered: /Z\0\0\0\x05I/,
}

/** MySQL: the text of a transaction, until the answer to its last statement, which is the commit. */
export const MYSQL_COMMIT: Exchange = {
  asked: () => (said) => said.endsWith('\ncommit'),
  answered: /\0\0\0\x02\0\0\0$/,
}

/** @param exchange what `swallowAnswer` is about */
export async function startProxy(target: ProxyTarget, exchange = COMMIT): Promise<FaultyProxy> {
  const proxy = new FaultyProxy(target, exchange)
  await proxy.listen()
  return proxy
}

export class FaultyProxy {
  readonly host = '127.0.0.1'
  #target: ProxyTarget
  readonly #exchange: Exchange
  #server: Server | undefined
  #port = 0
  readonly #pairs = new Set<{ client: Socket; server: Socket }>()
  #delayMs = 0
  #hung = false
  #swallow: { times: number; done: () => void } | undefined
  #withheld = false

  constructor(target: ProxyTarget, exchange: Exchange) {
    this.#target = target
    this.#exchange = exchange
  }

  get port(): number {
    return this.#port
  }

  /** How many are open. */
  get connections(): number {
    return this.#pairs.size
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
      reset(client)
      reset(server)
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

  /** A black hole: connections stay open, new ones are taken, and nothing passes; until `heal`, when what was kept passes. */
  hang(): void {
    this.#hung = true
    for (const { client, server } of this.#pairs) {
      client.pause()
      server.pause()
    }
  }

  /** No faults any more. Connections that were cut stay cut. */
  heal(): void {
    this.#hung = false
    this.#delayMs = 0
    this.#swallow = undefined
    this.#withheld = false
    for (const { client, server } of this.#pairs) {
      client.resume()
      server.resume()
    }
  }

  /**
   * The next `times` that a client asks so, the server gets it and does it, its answer is dropped, and the connection is
   * cut. Resolves after the last time.
   */
  swallowAnswer(times = 1): Promise<void> {
    return new Promise((done) => {
      this.#swallow = { times, done }
    })
  }

  /** Answers are kept back until a client asks so: what waits for one before that waits for good. */
  withholdAnswers(): void {
    this.#withheld = true
  }

  async close(): Promise<void> {
    await this.refuse()
  }

  #join(client: Socket): void {
    const server = connect({ host: '127.0.0.1', ...this.#target, allowHalfOpen: true })
    const pair = { client, server }
    this.#pairs.add(pair)
    let swallowing = false
    const asks = this.#exchange.asked()
    const kept: Buffer[] = []
    client.on('data', (data) => {
      if (asks(data.toString('latin1'))) {
        if (this.#swallow) swallowing = true
        this.#withheld = false
        for (const answer of kept.splice(0)) this.#pass(answer, client)
      }
      this.#pass(data, server)
    })
    server.on('data', (data) => {
      if (this.#withheld) return kept.push(data)
      if (!swallowing) return this.#pass(data, client)
      if (!this.#exchange.answered.test(data.toString('latin1'))) return
      reset(client)
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

/** A socket that has said its end can't be reset: libuv refuses, and Node then never gets rid of it, not even at its exit. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
