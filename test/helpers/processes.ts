// Processes that a test starts, and ends by their ids.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The program of that name: in one of the folders, or where the system looks. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  return [...folders, ...(process.env.PATH ?? '').split(':')].map((folder) => join(folder, name)).find(existsSync)
}

/** A test that is killed leaves no server behind, where the system can see to that. */
export function dieWithParent(command: readonly string[], signal: NodeJS.Signals): string[] {
  const setpriv = '/usr/bin/setpriv'
  return existsSync(setpriv) ? [setpriv, '--pdeathsig', signal.slice('SIG'.length), ...command] : [...command]
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
  const [state] = stat(pid)
  return state !== undefined && !/[ZX]/.test(state) // a zombie only waits to be collected
}

/** In ticks since the system started: with its id it names a process for good. */
export function beginOf(pid: number): number | undefined {
  return isAlive(pid) ? Number(stat(pid)[19]) : undefined
}

/** State and what comes after it; empty when there is no such process. */
function stat(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ')
  } catch {
    return []
  }
}

export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it ended meanwhile
  }
}

/** Stops it as a debugger would. On a busy machine its threads go on for a moment; not when this is over. */
export function hang(pid: number): void {
  signalProcess(pid, 'SIGSTOP')
  const threads = (): string[] => readdirSync(`/proc/${pid}/task`)
  const stopped = (thread: string): boolean => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))
  while (isAlive(pid) && !threads().every(stopped)) {}
}
