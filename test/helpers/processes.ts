// Processes that a test starts, and ends by their ids.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** A test that is killed leaves no server behind, where the system can see to that. */
export function dieWithParent(command: readonly string[], signal = 'INT'): string[] {
  return existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', signal, ...command] : [...command]
}

/** The processes that this one started and that are still there. */
export function childrenOf(parent: number): number[] {
  const output = execFileSync('ps', ['-o', 'pid=,ppid=', '-A'], { encoding: 'utf8' })
  const rows = output
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  return rows.filter(([, ppid]) => ppid === parent).map(([pid]) => pid!)
}

export function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')) // a zombie only waits to be collected
  } catch {
    return false
  }
}

export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it ended meanwhile
  }
}
