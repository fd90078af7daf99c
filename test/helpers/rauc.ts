// A device with RAUC's own service on a bus of its own: two files as its slots, a boot loader that is a script, a signer made for
// the test. A reboot is another start of the service. Installing mounts the bundle, which only root may.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import type { TestContext } from 'node:test'
import { type CertificateFiles, makeCertificate } from './certificates.ts'
import { until } from './gateway.ts'
import { atEnd, temporaryFolder } from './journal.ts'
import { dieWithParent, findProgram } from './processes.ts'
import { folderUntilExit } from './temporary.ts'

const PROGRAMS = ['rauc', 'dbus-daemon', 'busctl', 'mksquashfs']
const SLOT_BYTES = 1 << 20
export const COMPATIBLE = 'holdfast-test'

/** Why tests with RAUC can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function raucMissing(): string | false {
  const missing = PROGRAMS.filter((name) => !findProgram(name))
  if (missing.length === 0 || process.env.CI === 'true') return false
  return `there is no ${missing.join(' and no ')}; as root: scripts/services install rauc`
}

/** The same for tests that install a bundle: whether this machine mounts one. */
export function installMissing(): string | false {
  const missing = raucMissing()
  if (missing) return missing
  if (process.getuid?.() !== 0) return 'only root may mount a bundle'
  const folder = folderUntilExit()
  const [image, at] = [join(folder, 'image'), join(folder, 'at')]
  mkdirSync(at)
  try {
    execFileSync('mksquashfs', [at, image, '-quiet'], { stdio: 'pipe' })
    execFileSync('mount', ['-t', 'squashfs', '-o', 'ro,loop', image, at], { stdio: 'pipe' })
    execFileSync('umount', [at])
    return false
  } catch (error) {
    return `this system mounts no bundle: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`
  }
}

export interface BundleOptions {
  readonly version: string
  readonly compatible?: string
  /** The device knows only its own. */
  readonly signer?: CertificateFiles
  /** What an image takes is verity; to mount that the kernel has to have a device mapper. */
  readonly format?: 'plain' | 'verity'
}

type SlotName = 'A' | 'B'
const FILES = { A: 'rootfs.0', B: 'rootfs.1' } as const

const TYPES = ['method_call', 'method_return', 'signal', 'error']
const BUS = (
  socket: string,
): string => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
${['send', 'receive'].flatMap((way) => TYPES.map((type) => `<allow ${way}_type="${type}"/>`)).join('')}</policy></busconfig>
`

/** As U-Boot's: an order, and tries that are left. What `hold` names waits until it is let go. */
const BOOT_LOADER = (folder: string): string => `#!/bin/sh
cd '${folder}/boot' || exit 1
[ "$1" != "$(cat hold 2>/dev/null)" ] || { : >held; while [ -e hold ]; do sleep 0.05; done; }
case $1 in
  get-primary) for each in $(cat order); do [ "$(cat left.$each)" = 0 ] || { echo $each; exit; }; done; exit 1 ;;
  set-primary) case $2 in A) echo A B ;; B) echo B A ;; esac >order; echo 3 >left.$2 ;;
  get-state) [ "$(cat left.$2)" = 0 ] && echo bad || echo good ;;
  set-state) [ $3 = good ] && echo 3 >left.$2 || echo 0 >left.$2 ;;
esac
`

const SYSTEM = (folder: string): string => `[system]
compatible=${COMPATIBLE}
bootloader=custom
bundle-formats=plain verity
mountprefix=${folder}/mnt
statusfile=${folder}/rauc.status
[handlers]
bootloader-custom-backend=${folder}/boot-loader
[keyring]
path=${folder}/signer.pem
[slot.rootfs.0]
device=${folder}/rootfs.0
type=raw
bootname=A
[slot.rootfs.1]
device=${folder}/rootfs.1
type=raw
bootname=B
`

/** Slots, boot loader, keyring and RAUC's system.conf. @param at where `folder` is for RAUC. @returns who signs for it */
export function layOutDevice(folder: string, at = folder): CertificateFiles {
  const write = (name: string, text: string, mode = 0o644): void => writeFileSync(join(folder, name), text, { mode })
  mkdirSync(join(folder, 'boot'), { recursive: true })
  write('system.conf', SYSTEM(at))
  write('boot-loader', BOOT_LOADER(at), 0o755)
  write('boot/order', 'A B\n')
  write('boot/left.A', '3\n')
  write('boot/left.B', '0\n')
  for (const name of Object.values(FILES)) {
    write(name, '')
    truncateSync(join(folder, name), SLOT_BYTES)
  }
  return makeCertificate(folder, 'signer')
}

/** @returns the file */
export function makeBundle(
  folder: string,
  { version, compatible = COMPATIBLE, format = 'plain', signer }: BundleOptions & { signer: CertificateFiles },
): string {
  const content = mkdtempSync(join(folder, 'content-'))
  const file = join(folder, `${basename(content)}.raucb`)
  writeFileSync(join(content, 'rootfs.img'), Buffer.concat([Buffer.from(version), randomBytes(50_000)]))
  const about = `[update]\ncompatible=${compatible}\nversion=${version}\n[bundle]\nformat=${format}\n`
  writeFileSync(join(content, 'manifest.raucm'), `${about}[image.rootfs]\nfilename=rootfs.img\n`)
  const keys = [`--cert=${signer.certfile}`, `--key=${signer.keyfile}`]
  execFileSync('rauc', [...keys, 'bundle', content, file], { stdio: 'pipe' })
  chmodSync(file, 0o644)
  return file
}

const ended = async (child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> => {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

export class RaucDevice {
  readonly folder: string
  readonly signer: CertificateFiles
  /** Of programs that are to find this device and not the machine's. */
  readonly env: NodeJS.ProcessEnv
  booted: SlotName = 'A'
  #bus: ChildProcess | undefined
  #service: ChildProcess | undefined

  private constructor(folder: string) {
    this.folder = folder
    this.signer = layOutDevice(folder)
    const [programs, socket] = [join(folder, 'bin'), join(folder, 'bus')]
    this.env = { PATH: `${programs}:${process.env.PATH}`, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${socket}` }
    for (const name of ['bin', 'mnt']) mkdirSync(join(folder, name))
    writeFileSync(join(folder, 'bus.conf'), BUS(socket))
    const rauc = `#!/bin/sh\nexec ${findProgram('rauc')} --conf='${folder}/system.conf' "$@"\n`
    writeFileSync(join(folder, 'bin/rauc'), rauc, { mode: 0o755 })
  }

  /** Slot A runs, as it came with the card; nothing was ever installed. */
  static async start(t: TestContext): Promise<RaucDevice> {
    const device = new RaucDevice(temporaryFolder(t))
    atEnd(t, () => device.#stop())
    device.#bus = device.#spawn('dbus-daemon', `--config-file=${join(device.folder, 'bus.conf')}`, '--nofork')
    await until('the bus answers', () => device.#run('busctl', '--system', '--no-pager', 'list'))
    await device.boot('A')
    return device
  }

  /** The machine starts anew, in this slot. */
  async boot(slot: SlotName): Promise<void> {
    await ended(this.#service, 'SIGTERM')
    this.booted = slot
    this.#service = this.#spawn('rauc', `--override-boot-slot=${slot}`, `--mount=${this.folder}/mnt`, 'service')
    await until('RAUC answers', () => this.#run('rauc', 'status', '--output-format=json'))
  }

  /** A power cut. */
  async kill(): Promise<void> {
    await ended(this.#service, 'SIGKILL')
    rmSync(join(this.folder, 'boot/hold'), { force: true })
  }

  /** An installation stops in its middle, where the slot is not bootable and nothing is written yet. */
  hold(): void {
    writeFileSync(join(this.folder, 'boot/hold'), 'set-state')
  }

  isHeld(): boolean {
    return existsSync(join(this.folder, 'boot/held'))
  }

  release(): void {
    for (const name of ['hold', 'held']) rmSync(join(this.folder, 'boot', name), { force: true })
  }

  /** That it came up in vain, as often as a boot loader tries. */
  isUsedUp(slot: SlotName): void {
    writeFileSync(join(this.folder, `boot/left.${slot}`), '0\n')
  }

  /** @returns the file */
  bundle(options: BundleOptions): string {
    return makeBundle(this.folder, { signer: this.signer, ...options })
  }

  /** The first bytes of what is in a slot. */
  content(slot: SlotName): string {
    return readFileSync(join(this.folder, FILES[slot]), 'latin1').slice(0, 5)
  }

  #spawn(program: string, ...words: string[]): ChildProcess {
    const [command, ...all] = dieWithParent([program, ...words], 'SIGKILL')
    return spawn(command!, all, { env: { ...process.env, ...this.env }, stdio: 'ignore' })
  }

  #run(program: string, ...words: string[]): string {
    const env = { ...process.env, ...this.env }
    return execFileSync(program, words, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  async #stop(): Promise<void> {
    this.release()
    await ended(this.#service, 'SIGTERM')
    await ended(this.#bus, 'SIGTERM')
    while (isMount(join(this.folder, 'mnt/bundle'))) execFileSync('umount', [join(this.folder, 'mnt/bundle')])
  }
}

const isMount = (folder: string): boolean =>
  existsSync(folder) && statSync(folder).dev !== statSync(join(folder, '..')).dev
