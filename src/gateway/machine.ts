// The machine that the gateway runs on: how the gateway came to it, and how it is started anew (by systemd, or else by `reboot`; whether
// this user may is the machine's to say).

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { HoldfastError } from '../model/errors.ts'
import { isBinary, ROOT } from '../system/program.ts'

const WAYS = [['systemctl', '--no-ask-password', 'reboot'], ['reboot']] as const
const PATIENCE_MS = 10_000

/** @throws HoldfastError NOT_ALLOWED, with what the machine said */
export async function rebootMachine(): Promise<void> {
  const said: string[] = []
  for (const [program, ...words] of WAYS) {
    try {
      await promisify(execFile)(program, words, { timeout: PATIENCE_MS })
      return
    } catch (error) {
      const { code, stderr = '' } = error as { code?: unknown; stderr?: string }
      said.push(`${program}: ${code === 'ENOENT' ? 'there is none' : stderr.trim() || String(code)}`)
    }
  }
  throw new HoldfastError('NOT_ALLOWED', `the machine can't be started anew from here (${said.join('; ')})`, {
    hint: '`restart` starts the gateway anew; for the machine its owner has to allow org.freedesktop.login1.reboot to this user',
  })
}

export type Installed = 'package' | 'binary' | 'sources'

/** How the program came here, and where it is. */
export function installed(): { readonly as: Installed; readonly program: string } {
  if (!isBinary) return { as: 'sources', program: ROOT }
  const program = process.execPath
  const isPackage = program === '/usr/bin/holdfast' && existsSync('/usr/share/doc/holdfast')
  return { as: isPackage ? 'package' : 'binary', program }
}

/** What it came as, and how a newer version comes. */
export const CAME: Readonly<Record<Installed, { readonly as: string; readonly next: string }>> = {
  package: {
    as: 'a package',
    next: '`apt install ./holdfast_….deb` with the newer package. What you have changed in /etc/holdfast stays, and what waits goes on.',
  },
  binary: {
    as: 'a binary',
    next: 'Move (mv) the newer file to where the program is, then `restart`. Configuration and data stay, and what waits goes on.',
  },
  sources: {
    as: 'sources',
    next: '`git pull` in the folder of the program, then `npm start` anew. Configuration and data stay, and what waits goes on.',
  },
}
