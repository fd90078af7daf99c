import { flushCompileCache } from 'node:module'
import { resolve } from 'node:path'
import { hostOf } from '../console/host.ts'
import type { Face, OpenFace } from '../gateway/face.ts'
import { layOutEtc } from '../gateway/folders.ts'
import { type Gateway, startGateway } from '../gateway/gateway.ts'
import { startAnew, tellServiceManager } from '../gateway/service-manager.ts'
import type { Command } from './cli.ts'
import { controlPath, serveControl } from './control.ts'
import { dataDir, etcDir, parse } from './usage.ts'

export const run: Command = {
  summary: 'run the gateway in the foreground',
  help: `holdfast run [--etc DIR] [--data DIR]

Starts the gateway and stays in the foreground until SIGTERM or SIGINT; a second one does not wait. SIGHUP does what 'holdfast ctl reload'
does; started from a terminal, it ends with it. Logs go to stderr: JSON, or text on a terminal.
--etc   holdfast.conf, plugins/, loaded_plugins (default: etc of the clone; of the binary /etc/holdfast,
        or where there is none DIR/etc of --data, laid out at the first start)
--data  the journal and the embedded databases (default: var of the clone; of the binary /var/lib/holdfast,
        or where there is none ./var); one gateway a folder`,
  async run(args, faces) {
    const { values } = parse({ args, options: { etc: { type: 'string' }, data: { type: 'string' } } })
    const [etc, data] = [etcDir(values.etc, values.data), dataDir(values.data)]
    controlPath(data) // a folder that can't have its socket is told before anything starts
    const isFirst = layOutEtc(etc, data)
    const signals = untilSignal()
    const restart = (): void => void setTimeout(signals.now, LEAVE_MS, 'restart')
    const gateway = await startGateway({ etcDir: etc, dataDir: data, pretty: process.stderr.isTTY === true, restart })
    const stopped = signals.stop()
    let open: readonly OpenFace[] = []
    let isWhole = true
    let why: Why = 'signal'
    try {
      const control = await serveControl(data, hostOf(gateway))
      if (!process.stderr.isTTY)
        process.on('SIGHUP', () => void gateway.commands.run('reload', {}, SIGNAL).catch(isLogged))
      greet(gateway, { etc, data, isFirst })
      open = await openFaces(gateway, faces)
      const manager = await tellServiceManager(gateway)
      flushCompileCache() // or a gateway that is always killed would never leave it
      why = await stopped
      manager.close()
      control.close()
    } finally {
      isWhole = await gateway.close(open)
    }
    if (why === 'restart') startAnew()
    if (!isWhole) process.exit(0)
    return 0
  },
}

/** The answer to who asked for a restart leaves within so long. */
const LEAVE_MS = 500
const SIGNAL = { who: 'the system', from: 'SIGHUP' }

/** Why a reload failed is in the log. */
const isLogged = (): void => {}

function greet(gateway: Gateway, { etc, data, isFirst }: { etc: string; data: string; isFirst: boolean }): void {
  const { listeners } = gateway.broker
  const plain = listeners.find(({ name }) => name.startsWith('tcp:'))
  const lines = [
    ...listeners.map(({ url }) => `MQTT      ${url}`),
    `data      ${resolve(data)}`,
    `etc       ${resolve(etc)}${isFirst ? ' (new, as shipped)' : ''}`,
    ...(plain ? [`try       npx -y mqtt pub -h ${plain.host} -p ${plain.port} -q 1 -t hello -m world`] : []),
  ]
  process.stdout.write(`Holdfast is running.\n${lines.map((line) => `  ${line}\n`).join('')}`)
}

/** MQTT is served already. A face that can't be opened has said so in the log. */
async function openFaces(gateway: Gateway, faces: readonly Face[]): Promise<OpenFace[]> {
  const open = (await Promise.all(faces.map((face) => face(gateway)))).filter((face) => face !== undefined)
  for (const { line } of open) if (line !== undefined) process.stdout.write(`  ${line}\n`)
  return open
}

/** What came first: who says that it is to end wants no restart that was asked for just before. */
type Why = 'signal' | 'restart'

/**
 * The first signal stops in good order. One during the start, before anything was acknowledged, and a second one end at once,
 * as a power cut would: what was acknowledged is on disk.
 */
function untilSignal(): { stop(): Promise<Why>; now(why: Why): void } {
  let stop: ((why: Why) => void) | undefined
  const now = (why: Why): void => {
    stop?.(why)
    stop = undefined
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (!stop) process.exit(0)
      now('signal')
    })
  }
  return {
    now,
    stop: () =>
      new Promise((resolve) => {
        stop = resolve
      }),
  }
}
