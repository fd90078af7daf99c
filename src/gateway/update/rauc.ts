// RAUC, which updates the image of a device: of two slots one runs, and a bundle is written to the other. Its service has the rights
// for that and answers on the system's D-Bus; `rauc` asks it, and `busctl` where that has no word for it: how far an installation is,
// whoever began it, and its beginning without waiting for its end. Bundles are looked into as this user, with RAUC's own keys.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { HoldfastError } from '../../model/errors.ts'

const PATIENCE_MS = 30_000
/** A signature may be over each byte of a bundle, on a slow card. */
const LOOK_MS = 10 * 60_000
/** That a machine is updated by RAUC. */
const SYSTEM_CONF = '/etc/rauc/system.conf'
const SERVICE = ['de.pengutronix.rauc', '/', 'de.pengutronix.rauc.Installer']

export interface Slot {
  /** `rootfs.0` */
  readonly name: string
  /** As the boot loader calls it: `A`. */
  readonly slot: string
  readonly isBooted: boolean
  /** The boot loader may start it. */
  readonly isGood: boolean
  /** Of the bundle that was installed last; null: none was. */
  readonly version: string | null
  readonly installedAt: string | null
  /** Differs from that of any other installation. */
  readonly installation: string | null
}

export interface Slots {
  /** What bundles must be made for. */
  readonly compatible: string
  readonly slots: readonly Slot[]
  /** Which starts next; undefined: the boot loader does not tell. */
  readonly next: Slot | undefined
}

export interface Progress {
  readonly isRunning: boolean
  readonly percent: number
  readonly step: string
  /** Of the last installation, since the service started; '' if it went well. */
  readonly lastError: string
}

export interface Bundle {
  readonly compatible: string
  readonly version: string
}

interface SlotJson {
  readonly bootname?: string | null
  readonly state: string
  readonly boot_status?: string | null
  readonly slot_status?: {
    readonly bundle?: { readonly version?: string }
    readonly installed?: { readonly timestamp: string; readonly count: number }
  }
}

interface StatusJson {
  readonly compatible: string
  readonly boot_primary: string | null
  readonly slots: readonly Readonly<Record<string, SlotJson>>[]
}

/** @returns undefined: this machine is not updated by RAUC. @throws HoldfastError NO_UPDATER, also while it installs */
export async function slots(): Promise<Slots | undefined> {
  try {
    const status = JSON.parse(await said('rauc', ['status', '--detailed', '--output-format=json'])) as StatusJson
    const found = status.slots.flatMap((one) => Object.entries(one).flatMap(([name, json]) => slotOf(name, json)))
    found.sort((a, b) => (a.slot < b.slot ? -1 : 1))
    return {
      compatible: status.compatible,
      slots: found,
      next: found.find(({ name }) => name === status.boot_primary),
    }
  } catch (error) {
    if (existsSync(SYSTEM_CONF)) throw silent(error)
    return undefined
  }
}

/** Nothing, where the boot loader does not start it. */
function slotOf(name: string, { bootname, state, boot_status, slot_status = {} }: SlotJson): Slot[] {
  const { bundle, installed } = slot_status
  if (!bootname) return []
  return [
    {
      ...{ name, slot: bootname, isBooted: state === 'booted', isGood: boot_status === 'good' },
      version: bundle?.version ?? null,
      installedAt: installed?.timestamp ?? null,
      installation: installed ? `${installed.count} ${installed.timestamp}` : null,
    },
  ]
}

/** @throws HoldfastError NO_UPDATER */
export async function progress(): Promise<Progress> {
  try {
    const words = ['--json=short', 'get-property', ...SERVICE, 'Operation', 'Progress', 'LastError']
    const lines = (await said('busctl', ['--system', ...words])).trim().split('\n')
    const [operation, [percent, step], lastError] = lines.map((line) => JSON.parse(line).data) as [
      string,
      [number, string, number],
      string,
    ]
    return { isRunning: operation !== 'idle', percent, step, lastError }
  } catch (error) {
    throw silent(error)
  }
}

/** Of a bundle that is signed by somebody whom this machine knows. @throws HoldfastError NO_FILE, BAD_BUNDLE */
export async function bundleIn(file: string): Promise<Bundle> {
  try {
    const { compatible, version } = JSON.parse(await said('rauc', ['info', '--output-format=json', file], LOOK_MS))
    return { compatible, version: version || 'a bundle without a version' }
  } catch (error) {
    const why = told(error)
    if (/^No such file|Failed to open bundle/.test(why)) {
      const hint =
        'a name without a folder is a bundle that was brought over the network; any other the gateway reads as its own user'
      throw new HoldfastError('NO_FILE', `${file} can't be read: ${why}`, { hint, cause: error })
    }
    if (/exclusive bundle access/.test(why)) {
      const hint = 'when nobody else has it open; one that is not of the format verity must be a file of its user, too'
      throw new HoldfastError('NO_FILE', `the gateway can't have ${file} for itself alone: ${why}`, {
        hint,
        cause: error,
      })
    }
    if (/signature verification failed/.test(why)) {
      throw new HoldfastError('BAD_BUNDLE', `${file} is damaged, or signed by nobody whom this device knows: ${why}`, {
        hint: 'fetch it anew, compare its sum, and see that it is one for this device',
        cause: error,
      })
    }
    throw new HoldfastError('BAD_BUNDLE', `${file} is no bundle, or not whole: ${why}`, {
      hint: 'expected a file of RAUC, NAME.raucb; fetch it anew',
      cause: error,
    })
  }
}

/** Begins only. @throws HoldfastError BUSY, NO_UPDATER */
export async function beginInstall(file: string): Promise<void> {
  try {
    await said('busctl', ['--system', 'call', ...SERVICE, 'InstallBundle', 'sa{sv}', file, '0'])
  } catch (error) {
    if (/already processing/i.test(told(error))) throw new HoldfastError('BUSY', 'an update is being installed already')
    throw silent(error)
  }
}

/** @throws HoldfastError NO_UPDATER, with what RAUC said */
export async function mark(as: 'good' | 'active', slot: Slot): Promise<void> {
  try {
    await said('rauc', ['status', `mark-${as}`, slot.name])
  } catch (error) {
    throw silent(error)
  }
}

async function said(program: string, words: readonly string[], timeout = PATIENCE_MS): Promise<string> {
  return (await promisify(execFile)(program, words, { timeout })).stdout
}

/** The last thing that it said, without time and place. */
function told(error: unknown): string {
  const { stderr = '', message, code } = error as { stderr?: string; message: string; code?: unknown }
  if (code === 'ENOENT') return message
  const lines = stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^(rauc-Message|[0-9A-F]+:error:)/.test(line))
  return (lines.at(-1) ?? message).trim()
}

const silent = (error: unknown): HoldfastError =>
  new HoldfastError('NO_UPDATER', `RAUC, which updates this device, did not do it: ${told(error)}`, {
    hint: '`systemctl status rauc` on the device says more',
    cause: error,
  })
