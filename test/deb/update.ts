// The package's service on a device with RAUC: whether its user, shut in as its unit has it, may do what updates ask. `npm run test-deb`

import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { packageFile } from '../../scripts/build.d/deb.ts'
import { asked } from '../../scripts/build.d/place.ts'
import { installMissing, layOutDevice, makeBundle } from '../helpers/rauc.ts'
import { DebianMachine, systemMissing } from './debian.ts'

const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
const isAsked = asked((process.env.HOLDFAST_ARCHITECTURES ?? '').split(' ').filter(Boolean)).includes(architecture)
const skip = (!isAsked && `the package of ${architecture} is not asked for`) || systemMissing() || installMissing()
const DEVICE = '/opt/device'
const BROUGHT = '/var/lib/holdfast/updates'
/** The nodes that a bundle is mounted by. */
const LOOPS = ['loop-control', ...Array.from({ length: 8 }, (_, n) => `loop${n}`)].map((name) => `/dev/${name}`)

test("updates by RAUC, asked for by the unit's user", { skip }, async (t) => {
  const words = LOOPS.filter((node) => existsSync(node)).map((node) => `--bind=${node}`)
  const packages = ['rauc', 'rauc-service', 'squashfs-tools']
  const machine = await DebianMachine.boot(t, architecture === 'x64' ? 'amd64' : 'arm64', { packages, words })
  const folder = join(machine.root, DEVICE)
  mkdirSync(folder, { recursive: true })
  const signer = layOutDevice(folder, DEVICE)
  mkdirSync(join(machine.root, 'etc/rauc'), { recursive: true })
  copyFileSync(join(folder, 'system.conf'), join(machine.root, 'etc/rauc/system.conf'))
  machine.write(
    '/etc/systemd/system/rauc.service.d/slot.conf',
    '[Service]\nExecStart=\nExecStart=/usr/bin/rauc --override-boot-slot=A --mount=/run/rauc service\n',
  )
  machine.run('systemctl', 'daemon-reload')
  copyFileSync(packageFile(architecture), join(machine.root, 'tmp.deb'))
  machine.run('dpkg', '--install', '/tmp.deb')
  const ctl = (...what: string[]): string => machine.run('holdfast', 'ctl', 'update', ...what)
  const bring = (file: string): string => {
    machine.run('rm', '-rf', BROUGHT) // there is one at a time
    machine.run('install', '-d', '-o', 'holdfast', '-g', 'holdfast', '-m', '700', BROUGHT)
    const there = join(DEVICE, basename(file))
    machine.run('install', '-o', 'holdfast', '-g', 'holdfast', '-m', '600', there, join(BROUGHT, basename(file)))
    return basename(file)
  }

  assert.match(
    ctl('status'),
    /, image: \/usr\/bin\/holdfast\nslot A: .*, good, runs, starts next\nslot B: –, never installed\n/,
  )
  const verity = makeBundle(folder, { version: '7.0.0', format: 'verity', signer })
  assert.match(ctl('install', bring(verity), '--dry-run'), /^Writes 7.0.0/)
  const file = bring(makeBundle(folder, { version: '7.1.0', signer }))
  assert.match(ctl('install', file), /^100 % 7.1.0 is installed/m)
  assert.ok(!existsSync(join(machine.root, BROUGHT)))
  assert.match(ctl('confirm'), /knows slot A .* as good/)
  assert.match(ctl('rollback'), /The next `reboot` starts slot A/)
  // the signature is looked at as the gateway's user, who can't read everything
  const secret = makeBundle(folder, { version: '7.2.0', signer })
  machine.run('chmod', '600', join(DEVICE, basename(secret)))
  const refused = machine.try('holdfast', 'ctl', 'update', 'install', join(DEVICE, basename(secret)))
  assert.match(refused, /can't be read: .*Permission denied\nhint: .*the gateway reads as its own user/)
  machine.run('chmod', '644', join(DEVICE, basename(secret)))
  const plain = machine.try('holdfast', 'ctl', 'update', 'install', join(DEVICE, basename(secret)))
  assert.match(plain, /for itself alone: .*CAP_LEASE/)
  assert.match(ctl('install', join(DEVICE, basename(verity)), '--dry-run'), /^Writes 7.0.0/)
})
