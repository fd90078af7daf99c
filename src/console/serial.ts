// The console on a serial line. The device may go away and come back: it is opened again, again and again.

import { setTimeout as pause } from 'node:timers/promises'
import type { SerialPort } from 'serialport'
import { serveConsole } from './console.ts'
import type { ConsoleOptions } from './host.ts'

export interface SerialOptions extends Pick<ConsoleOptions, 'host'> {
  /** Such as `/dev/ttyGS0`. */
  readonly port: string
  readonly baud: number
  readonly log: { [Level in 'info' | 'warn']: (fields: object, what: string) => void }
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 5000
const CARRIER_MS = 2000
/** Written or read at a time; what is on its way here is out of reach of ^C. */
const BUFFER_BYTES = 1024

/** Until `signal` is aborted. Never throws for what the line does. */
export async function serveSerial(options: SerialOptions, signal: AbortSignal): Promise<void> {
  const { port: path, log } = options
  let waitMs = FIRST_WAIT_MS
  let isDown = false
  const down = (error: string): void => {
    if (!isDown && !signal.aborted) log.warn({ port: path, error, hint: hintFor(error) }, 'serial_down')
    isDown = true
  }
  while (!signal.aborted) {
    try {
      const port = await opened(options)
      log.info({ port: path, baud: options.baud }, 'serial_up')
      isDown = false
      waitMs = FIRST_WAIT_MS
      await serveUntilClosed(port, options, signal)
      down('it went away')
    } catch (error) {
      down((error as Error).message)
    }
    await pause(waitMs, undefined, { signal }).catch(() => {})
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
  }
}

async function opened({ port: path, baud }: SerialOptions): Promise<SerialPort> {
  const { SerialPort } = await import('serialport')
  // ^S of the terminal, or of noise, stops our output until the next key, whatever it is; a paste that is too quick is told to wait
  const flow = { xon: true, xoff: true, xany: true }
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false, highWaterMark: BUFFER_BYTES, ...flow })
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())))
  return port
}

async function serveUntilClosed(port: SerialPort, options: SerialOptions, signal: AbortSignal): Promise<void> {
  const close = (): void => closePort(port)
  signal.addEventListener('abort', close, { once: true })
  const carrier = setInterval(dropWithoutCarrier(port), CARRIER_MS)
  try {
    const from = `console ${options.port}`
    await serveConsole({ input: port, output: port, attended: true }, { host: options.host, from })
  } finally {
    clearInterval(carrier)
    signal.removeEventListener('abort', close)
    close()
  }
}

/** What nobody has read is thrown away, or the system would wait for that. */
function closePort(port: SerialPort): void {
  if (port.isOpen) port.flush(() => port.isOpen && port.close(() => {}))
}

/** Where the line has a carrier (a modem, a terminal that is switched on), who is logged in is logged out when it drops. */
function dropWithoutCarrier(port: SerialPort): () => void {
  let had = false
  return () => {
    port.get((error, status) => {
      if (error || !status) return // a line without such wires
      if (had && !status.dcd) closePort(port)
      had = status.dcd
    })
  }
}

function hintFor(message: string): string | undefined {
  if (/permission|EACCES/i.test(message))
    return 'may the user that the gateway runs as use it? often the group dialout may'
  if (/lock|temporarily/i.test(message)) return 'another program has it: a getty, or a second gateway'
  return undefined
}
