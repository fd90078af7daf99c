import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayProcess } from '../helpers/gateway.ts'
import { freePort } from '../helpers/ports.ts'
import type { Bench } from './figure.ts'
import { residentMb } from './gateway.ts'

const SETTLE_MS = 5000

export const rss: Bench = {
  about: 'memory of the idle gateway with the configuration as shipped',
  async run({ say }) {
    say('waiting')
    const gateway = await shipped()
    try {
      await gateway.start()
      await sleep(SETTLE_MS)
      return [{ what: 'resident, idle', unit: 'MB', value: residentMb(gateway.pid!), goal: { atMost: 120 } }]
    } finally {
      await gateway.remove()
    }
  },
}

/** The shipped etc, on a port that is free. */
async function shipped(): Promise<GatewayProcess> {
  const gateway = new GatewayProcess()
  cpSync(join(import.meta.dirname, '../../etc'), gateway.etc, { recursive: true })
  const conf = join(gateway.etc, 'holdfast.conf')
  writeFileSync(conf, readFileSync(conf, 'utf8').replace(/:1883\b/, `:${await freePort()}`))
  return gateway
}
