// The face over HTTP: the page, its API, metrics. The server and what it is built on are loaded when they are wanted, and it opens
// anew when the configuration says so: logins go on.

import { once } from 'node:events'
import { createServer } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance } from 'fastify'
import type { OpenFace } from '../gateway/face.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { GatewaySettings } from '../gateway/settings.ts'
import { webTls } from '../gateway/web-tls.ts'
import { HoldfastError } from '../model/errors.ts'

/** That the page's listener can't be opened is logged, and stops nothing else. */
export async function startWeb(gateway: Gateway): Promise<OpenFace> {
  const web = new Web(gateway)
  gateway.onConfigure.add((settings) => web.use(settings))
  await web.use(gateway.settings).catch((error: unknown) => web.failed(error))
  return web
}

/** The answer to who has changed the configuration leaves by the former server; so long it has for it. */
const LEAVE_MS = 500
/** After that, what is still being answered is cut off. */
const CUT_MS = 3000

class Web implements OpenFace {
  readonly #gateway: Gateway
  /** What the server was made by. */
  #settings: GatewaySettings | undefined
  #server: FastifyInstance | undefined
  #url: string | undefined
  /** The former server goes. */
  #leaving: Promise<void> = Promise.resolve()

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  get line(): string | undefined {
    if (this.#url === undefined) return undefined
    const { setupCode } = this.#gateway.operators
    return `page      ${this.#url}${setupCode === undefined ? '' : `   one-time code ${setupCode}`}`
  }

  /**
   * Opens, closes or opens anew what the settings ask for.
   * @throws HoldfastError LISTENER_ADDRESS, LISTENER_TLS, READ_ONLY: the former server goes on
   */
  async use(settings: GatewaySettings): Promise<void> {
    await this.#leaving
    const before = this.#settings
    if (before && isDeepStrictEqual(ofWeb(before), ofWeb(settings))) return
    const next = settings['web.listen'] === 'off' ? undefined : await this.#make(settings)
    const former = this.#server
    const waits = next !== undefined && former !== undefined && portOf(before!) === portOf(settings)
    if (next && waits) await assertOwn(next, settings)
    else if (next) await this.#listen(next, settings)
    this.#server = next
    this.#settings = settings
    if (!next) this.#url = undefined
    if (former)
      this.#leaving = this.#leave(former, waits ? () => this.#listenOrGoBack(next, settings, before!) : undefined)
  }

  failed(error: unknown): void {
    const { code = 'INTERNAL', message, stack } = error as NodeJS.ErrnoException
    this.#gateway.log.error({ code, why: message, ...(code === 'INTERNAL' && { stack }) }, 'web_failed')
  }

  async close(): Promise<void> {
    await this.#leaving
    await shut(this.#server)
  }

  async #make(settings: GatewaySettings): Promise<FastifyInstance> {
    const { webServer } = await import('./server.ts')
    const gateway = this.#gateway
    const tls = await webTls(gateway, settings)
    if (tls) gateway.log.info({ fingerprint: tls.fingerprint }, 'web_certificate')
    return webServer({ gateway, settings, tls })
  }

  /** @throws HoldfastError LISTENER_ADDRESS, and the server is closed */
  async #listen(server: FastifyInstance, settings: GatewaySettings): Promise<void> {
    const { log, operators } = this.#gateway
    const { host, port } = addressOf(settings)!
    try {
      this.#url = await server.listen({ host, port })
    } catch (cause) {
      await shut(server)
      throw cantListen(settings, cause)
    }
    const { setupCode } = operators
    log.info({ url: this.#url, ...(setupCode !== undefined && { code: setupCode }) }, 'web_listening')
  }

  /** @param then where both want the same port */
  async #leave(former: FastifyInstance, then?: () => Promise<void>): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, LEAVE_MS))
    await shut(former)
    await then?.()
  }

  /** The port was in use by the former server until now. */
  async #listenOrGoBack(next: FastifyInstance, settings: GatewaySettings, before: GatewaySettings): Promise<void> {
    try {
      await this.#listen(next, settings)
    } catch (error) {
      this.failed(error)
      this.#settings = before
      this.#server = await this.#make(before)
      await this.#listen(this.#server, before).catch((again: unknown) => this.failed(again))
    }
  }
}

/** Of a port that the former server has still: is the address ours? @throws HoldfastError LISTENER_ADDRESS */
async function assertOwn(next: FastifyInstance, settings: GatewaySettings): Promise<void> {
  const probe = createServer().listen(0, addressOf(settings)!.host)
  try {
    await once(probe, 'listening')
    probe.close()
  } catch (cause) {
    await shut(next)
    throw cantListen(settings, cause)
  }
}

function cantListen(settings: GatewaySettings, cause: unknown): HoldfastError {
  const { host, port } = addressOf(settings)!
  const { code } = cause as NodeJS.ErrnoException
  return new HoldfastError('LISTENER_ADDRESS', `web.listen: can't listen on ${host}:${port} (${code})`, { cause })
}

async function shut(server: FastifyInstance | undefined): Promise<void> {
  if (!server) return
  const cut = setTimeout(() => server.server.closeAllConnections(), CUT_MS)
  await server.close()
  clearTimeout(cut)
}

const ofWeb = (settings: GatewaySettings): object =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => key.startsWith('web.')))

function addressOf({ 'web.listen': address }: GatewaySettings): { host: string; port: number } | undefined {
  return address === 'off' ? undefined : address
}

const portOf = (settings: GatewaySettings): number | undefined => addressOf(settings)?.port
