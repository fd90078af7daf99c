// `update …` on a device with a real RAUC: two slots, signed bundles; and what is refused.

import assert from 'node:assert/strict'
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runningGateway } from '../../src/cli/control.ts'
import { serveConsole } from '../../src/console/console.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { atEnd } from '../helpers/journal.ts'
import { installMissing, RaucDevice, raucMissing } from '../helpers/rauc.ts'
import { Wire } from '../helpers/screen.ts'

const PASSWORD = 'correct horse'
const skip = raucMissing()
const skipInstall = installMissing()

interface Image {
  booted: string
  next: string
  onTrial: boolean
  slots: { slot: string; version: string | null; state: string }[]
  installing: { percent: number; step: string } | null
  lastError: string | null
}

async function start(t: TestContext): Promise<{ gateway: GatewayProcess; device: RaucDevice }> {
  const device = await RaucDevice.start(t)
  const gateway = new GatewayProcess()
  atEnd(t, () => gateway.remove())
  gateway.env = device.env
  await gateway.start()
  return { gateway, device }
}

const image = async (gateway: GatewayProcess): Promise<Image> => (await gateway.ctl('update', 'status')).image
const slotOf = async (gateway: GatewayProcess, name: string) =>
  (await image(gateway)).slots.find(({ slot }) => slot === name)!

test('installed, started, confirmed, and back', { skip: skipInstall }, async (t) => {
  const { gateway, device } = await start(t)
  const { version } = await gateway.ctl('status')
  const before = await gateway.ctl('update', 'status')
  assert.equal(before.installed, 'image')
  assert.deepEqual(
    before.image.slots.map(({ slot, version, state }: Image['slots'][0]) => [slot, version, state]),
    [
      ['A', version, 'good'],
      ['B', null, 'never installed'],
    ],
  )
  assert.match(await gateway.refusal('update', 'rollback'), /slot B can't be started: it is never installed/)

  const file = device.bundle({ version: '7.1.0' })
  const will = await gateway.holdfast('ctl', 'update', 'install', file, '--dry-run')
  assert.match(will, /^Writes 7.1.0, for holdfast-test, to slot B. Slot A goes on running, and stays the way back./)
  const said = await gateway.holdfast('ctl', 'update', 'install', file)
  assert.match(said, /^7.1.0 is being written to slot B\./)
  assert.match(said, /^100 % 7.1.0 is installed: `reboot` starts it, on trial until it is confirmed$/m)
  assert.equal(device.content('B'), '7.1.0')
  assert.ok(existsSync(file), 'what was not brought stays')
  const { booted, next, onTrial } = await image(gateway)
  assert.deepEqual([booted, next, onTrial], ['A', 'B', false])

  await gateway.stop()
  await device.boot('B')
  await gateway.start()
  assert.equal((await image(gateway)).onTrial, true)
  const shown = await gateway.holdfast('ctl', 'update', 'status')
  assert.match(shown, /^slot B: 7.1.0, good, runs, starts next, installed 20.*\nThe version that runs is on trial/m)
  assert.match(await gateway.refusal('update', 'install', file), /on trial, and slot A is the way back/)
  assert.match(
    await gateway.holdfast('ctl', 'update', 'confirm'),
    /knows slot B \(7.1.0\) as good: it is on trial no more/,
  )
  assert.equal((await image(gateway)).onTrial, false)

  assert.match(await gateway.holdfast('ctl', 'update', 'rollback'), new RegExp(`starts slot A \\(${version}\\)\\.`))
  assert.equal((await image(gateway)).next, 'A')
  // before the reboot it is taken back in the same way
  assert.match(await gateway.holdfast('ctl', 'update', 'rollback'), /starts slot B \(7.1.0\)\./)
  assert.equal((await image(gateway)).next, 'B')
})

test('one at a time, with how far it is; a restart of the gateway does not end it', {
  skip: skipInstall,
}, async (t) => {
  const { gateway, device } = await start(t)
  device.hold()
  const file = device.bundle({ version: '7.1.0' })
  const first = gateway.holdfast('ctl', 'update', 'install', file)
  await until('it is in the middle', () => device.isHeld())
  const { installing, slots } = await until('how far', async () => {
    const now = await image(gateway)
    return now.installing?.step.startsWith('Determining') || now.installing?.percent ? now : undefined
  })
  assert.ok(installing!.percent > 0 && installing!.percent < 100)
  assert.equal(slots.length, 2)
  for (const words of [['install', file], ['confirm'], ['rollback']]) {
    assert.match(await gateway.refusal('update', ...words), /an update is being installed|slot B can't be started/)
  }
  const following = gateway.holdfast('ctl', 'update', 'status', '--follow')
  assert.equal(await gateway.stop(), 0)
  await Promise.allSettled([first, following])
  await gateway.start()
  await gateway.kill9()
  await gateway.start()
  assert.match(await gateway.refusal('update', 'install', file), /an update is being installed/)
  const again = gateway.holdfast('ctl', 'update', 'status', '--follow')
  device.release()
  assert.match(await again, /^100 % 7.1.0 is installed/m)
  assert.equal((await slotOf(gateway, 'B')).version, '7.1.0')
})

test('a power cut in the middle: the version that runs stays, and it is done again', {
  skip: skipInstall,
}, async (t) => {
  const { gateway, device } = await start(t)
  const file = device.bundle({ version: '7.1.0' })
  for (const isWhole of [false, true]) {
    device.hold()
    const installing = Promise.allSettled([gateway.holdfast('ctl', 'update', 'install', file)])
    await until('it is in the middle', () => device.isHeld())
    if (isWhole) await gateway.kill9()
    await device.kill()
    device.release()
    assert.equal((await installing)[0]!.status, 'rejected')
    await device.boot('A')
    if (isWhole) await gateway.start()
    const now = await until('it is known', async () => {
      const found = await image(gateway)
      return found.lastError !== null && found.slots.length > 0 ? found : undefined
    })
    assert.match(now.lastError!, isWhole ? /the installation of 7.1.0 was interrupted/ : /RAUC/)
    assert.deepEqual([now.booted, now.next, now.slots[1]!.state], ['A', 'A', 'unfinished'])
    assert.match(await gateway.refusal('update', 'rollback'), /slot B can't be started: it is unfinished/)
  }
  await gateway.holdfast('ctl', 'update', 'install', file)
  const { lastError, slots } = await image(gateway)
  assert.deepEqual([lastError, slots[1]!.state, slots[1]!.version], [null, 'good', '7.1.0'])
})

test('on the console: what was brought is offered, asked about, and shown to its end; a key leaves it alone', {
  skip: skipInstall,
}, async (t) => {
  const { gateway, device } = await start(t)
  const host = runningGateway(gateway.data)
  const wire = new Wire().read()
  atEnd(t, () => void wire.toConsole.destroy())
  void serveConsole(wire.line, { host, from: 'console test' })
  await wire.sees(/name:$/)
  wire.type(`ada\r${PASSWORD}\r${PASSWORD}\r`)
  await wire.sees(/ada>$/)
  mkdirSync(join(gateway.data, 'updates'))
  copyFileSync(device.bundle({ version: '7.1.0' }), join(gateway.data, 'updates/new.raucb'))
  device.hold()
  wire.type('update install \t\r')
  await wire.sees(/Writes 7.1.0, for holdfast-test, to slot B[\s\S]*\[y\/N\]$/)
  wire.type('y\r')
  await wire.sees(/7.1.0 is being written to slot B[\s\S]*\d+ % /)
  await until('it is in the middle', () => device.isHeld())
  wire.type('q')
  await wire.sees(/ada>$/)
  wire.type('update status --follow\r')
  await wire.sees(/status --follow[\s\S]*\d+ % /)
  device.release()
  await wire.sees(/status --follow[\s\S]*100 % 7.1.0 is installed: `reboot` starts it[\s\S]*ada>$/)
  wire.type('update confirm\r')
  await wire.sees(/knows slot A .* as good[\s\S]*ada>$/)
})

test('what came up in vain is bad, and no way back', { skip: skipInstall }, async (t) => {
  const { gateway, device } = await start(t)
  await gateway.holdfast('ctl', 'update', 'install', device.bundle({ version: '7.1.0' }))
  device.isUsedUp('B')
  assert.deepEqual([(await slotOf(gateway, 'B')).state, (await image(gateway)).next], ['bad', 'A'])
  assert.match(await gateway.refusal('update', 'rollback'), /slot B can't be started: it is bad/)
})

test('bundles that are refused before anything is written', { skip }, async (t) => {
  const { gateway, device } = await start(t)
  const good = device.bundle({ version: '7.1.0' })
  const damaged = join(device.folder, 'damaged.raucb')
  copyFileSync(good, damaged)
  const handle = openSync(damaged, 'r+')
  writeSync(handle, 'xxxx', 200)
  assert.match(
    await gateway.refusal('update', 'install', damaged),
    /can't have .*damaged.raucb for itself alone: .*existing open file descriptor/,
  )
  closeSync(handle)
  const stranger = makeCertificate(device.folder, 'stranger')
  for (const [file, why] of [
    [damaged, /damaged.raucb is damaged, or signed by nobody whom this device knows: signature verification failed/],
    [device.bundle({ version: '7.2.0', signer: stranger }), /signed by nobody whom this device knows: .*self-signed/],
    [
      device.bundle({ version: '7.2.0', compatible: 'toaster' }),
      /is for 'toaster', and this device is a 'holdfast-test'/,
    ],
    [join(device.folder, 'system.conf'), /system.conf is no bundle, or not whole: Invalid bundle format/],
    [join(device.folder, 'nothing'), /nothing can't be read: No such file/],
    ['nothing', /nothing can't be read: No such file/],
    ['.hidden', /expected a file's name without a folder, not '.hidden'/],
  ] as const) {
    assert.match(await gateway.refusal('update', 'install', file), why)
    assert.match(await gateway.refusal('update', 'install', file, '--dry-run'), why)
  }
  assert.equal((await slotOf(gateway, 'B')).state, 'never installed')
})

test('where RAUC does not answer the version is told, and why the rest is not', { skip }, async (t) => {
  const { gateway, device } = await start(t)
  assert.equal((await image(gateway)).booted, 'A')
  await device.kill()
  const { installed } = await gateway.ctl('update', 'status')
  assert.equal(installed === 'image', existsSync('/etc/rauc/system.conf'))
})

test('sources, a binary or a package can not put a newer one in their place', async (t) => {
  const gateway = new GatewayProcess()
  atEnd(t, () => gateway.remove())
  gateway.env = { PATH: '/nowhere' }
  await gateway.start()
  for (const words of [['install', '/tmp/x.deb'], ['confirm'], ['rollback']]) {
    assert.match(
      await gateway.refusal('update', ...words),
      /this gateway came as (sources|a binary): it can't put a newer one in its own place\n.*what waits goes on/,
    )
  }
})
