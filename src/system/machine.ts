// What tells this machine from another, and this file from its copy.

import fs from 'node:fs'

export interface Machine {
  /** /etc/machine-id, or '' where there is none. */
  readonly id: string
  /** Serial number of the board, or '' where it has none. */
  readonly serial: string
}

export function machine(): Machine {
  return { id: readText('/etc/machine-id'), serial: readText('/proc/device-tree/serial-number') }
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').replaceAll('\0', '').trim()
  } catch {
    return ''
  }
}

export interface FileIdentity {
  readonly inode: string
  /** ns since 1970, or '' where the file system keeps no birth time. */
  readonly birth: string
}

export function fileIdentity(file: string): FileIdentity {
  const { ino, birthtimeNs, ctimeNs } = fs.statSync(file, { bigint: true })
  // without a birth time Node answers 0 or the time of the last change
  const birth = birthtimeNs === 0n || birthtimeNs === ctimeNs ? '' : String(birthtimeNs)
  return { inode: String(ino), birth }
}

/** A birth time that one of the two does not know decides nothing. */
export function sameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.inode === b.inode && (a.birth === b.birth || a.birth === '' || b.birth === '')
}
