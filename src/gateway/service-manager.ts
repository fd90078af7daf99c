// What systemd is told when it runs the gateway (sd_notify(3)): that it takes messages, that it is alive, that it stops. Node has no
// datagram sockets of the unix kind, so systemd's own `systemd-notify` carries it; the unit has NotifyAccess=all for that.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isBinary } from '../system/program.ts'
import type { Gateway } from './gateway.ts'

const MICROSECONDS = 1000
/** Signs of life for each that is asked for. */
const SIGNS = 3

export interface ServiceManager {
  /** Nothing more is said. */
  close(): void
}

/** Says READY, and from then on that it is alive, each time that the journal answers. Does nothing where nobody listens. */
export async function tellServiceManager({ journal, log }: Gateway): Promise<ServiceManager> {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID = process.pid } = process.env
  if (!NOTIFY_SOCKET) return { close() {} }
  const notify = async (...words: string[]): Promise<void> => {
    try {
      await promisify(execFile)('systemd-notify', words)
    } catch (error) {
      log.error({ why: (error as Error).message }, 'service_manager_not_told')
    }
  }
  await notify('--ready')
  const every = Number(WATCHDOG_PID) === process.pid ? Number(WATCHDOG_USEC ?? 0) / MICROSECONDS / SIGNS : 0
  // a journal that does not answer gives no sign of life
  const alive = every && setInterval(() => journal.after(() => void notify('WATCHDOG=1')), every)
  return {
    close() {
      clearInterval(alive || undefined)
      void notify('STOPPING=1')
    },
  }
}

/** Exit code: the program wants to be started anew. */
const RESTART = 75

/**
 * systemd, which waits for a start differently than for a gateway that runs, is left to do it; without it the program takes its own
 * place, so that it starts anew whatever it was started by.
 */
export function startAnew(): void {
  if (process.env.NOTIFY_SOCKET || !process.execve) process.exit(RESTART)
  process.removeAllListeners('warning') // that execve is new
  const [program, script, ...words] = process.argv
  const own = isBinary ? [] : [...process.execArgv, script!] // the binary has its options inside
  process.execve(process.execPath, [program!, ...own, ...words], process.env)
}
