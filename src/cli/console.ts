import type { Host, Line } from '../console/console.ts'
import type { Command } from './cli.ts'
import { runningGateway } from './control.ts'
import { dataDir, parse, UsageError } from './usage.ts'

const DEFAULT_BAUD = 115_200

export const lineConsole: Command = {
  summary: 'the line console: on this terminal, or on a serial line',
  help: `holdfast console [--stdio | --port DEV [--baud N]] [--data DIR]

Commands the gateway that holds the data folder, line by line, after a login; where nobody has an account yet it makes the
first one. The gateway serves a console by itself on serial.port of holdfast.conf; this is one more.
--stdio  on this terminal, or on whatever stdin and stdout are (default)
--port   on a serial line such as /dev/ttyUSB0, until SIGTERM; one that goes away is opened again when it is back
--baud   its speed (default: ${DEFAULT_BAUD})`,
  async run(args) {
    const { values } = parse({
      args,
      options: {
        stdio: { type: 'boolean' },
        port: { type: 'string' },
        baud: { type: 'string' },
        data: { type: 'string' },
      },
    })
    if (values.stdio && values.port !== undefined) throw new UsageError('expected one of --stdio and --port')
    if (values.baud !== undefined && values.port === undefined) throw new UsageError('--baud goes with --port DEV')
    const host = runningGateway(dataDir(values.data))
    const { serveConsole } = await import('../console/console.ts')
    if (values.port !== undefined) return await onSerialLine(values.port, baudOf(values.baud), host)
    await host.setupCode() // is there a gateway?
    try {
      await serveConsole(stdio(), { host, from: 'console', once: true })
    } finally {
      if (process.stdin.isTTY) process.stdin.setRawMode(false)
      process.stdin.destroy() // or it would be waited for
    }
    return 0
  },
}

async function onSerialLine(port: string, baud: number, host: Host): Promise<number> {
  const { serveSerial } = await import('../console/serial.ts')
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  const say = (fields: object, what: string): void => {
    process.stderr.write(`${what}: ${Object.values(fields).join(', ')}\n`)
  }
  await serveSerial({ host, port, baud, log: { info: say, warn: say } }, stop.signal)
  return 0
}

function baudOf(text = String(DEFAULT_BAUD)): number {
  if (/^\d{3,7}$/.test(text) && Number(text) >= 300) return Number(text)
  throw new UsageError(`expected a speed such as 9600 behind --baud, not '${text}'`)
}

function stdio(): Line {
  const { stdin: input, stdout: output } = process
  const attended = input.isTTY === true && output.isTTY === true
  if (!attended) return { input, output, attended }
  input.setRawMode(true)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      input.setRawMode(false)
      process.exit(1)
    })
  }
  return { input, output, attended, size: () => ({ rows: output.rows, columns: output.columns }) }
}
