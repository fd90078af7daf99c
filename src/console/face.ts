// The gateway's own console, on serial.port; opened anew when that changes.

import { setTimeout as pause } from 'node:timers/promises'
import type { OpenFace } from '../gateway/face.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { GatewaySettings } from '../gateway/settings.ts'
import { hostOf } from './host.ts'

/** What who has changed the configuration at this very line is told of it leaves before. */
const LEAVE_MS = 1000

export async function serialConsole(gateway: Gateway): Promise<OpenFace> {
  const own = new OwnConsole(gateway)
  gateway.onConfigure.add(async (settings) => own.use(settings))
  own.use(gateway.settings)
  return own
}

class OwnConsole implements OpenFace {
  readonly #gateway: Gateway
  #line: { port: string; baud: number } | undefined
  #stop: AbortController | undefined
  #served: Promise<void> = Promise.resolve()

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  get line(): string | undefined {
    return this.#line && `console   ${this.#line.port}, ${this.#line.baud} baud`
  }

  /** A device that is not there is no reason against: it may come. */
  use({ 'serial.port': port, 'serial.baud': baud }: GatewaySettings): void {
    const next = port === 'off' ? undefined : { port, baud }
    if (next?.port === this.#line?.port && next?.baud === this.#line?.baud) return
    const [former, stop] = [this.#stop, new AbortController()]
    const before = this.#served
    this.#line = next
    this.#stop = stop
    this.#served = (async () => {
      if (former) await pause(LEAVE_MS, undefined, { signal: stop.signal }).catch(() => {})
      former?.abort()
      await before
      if (!next) return
      const { log } = this.#gateway
      const { serveSerial } = await import('./serial.ts') // or each gateway had what terminals need in memory
      await serveSerial({ host: hostOf(this.#gateway), ...next, log }, stop.signal)
    })()
  }

  async close(): Promise<void> {
    this.#stop?.abort()
    await this.#served
  }
}
