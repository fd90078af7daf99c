// The console on a serial line, which comes and goes, is noisy, or has nobody at its other end.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { commandLine, GatewayProcess, until } from '../helpers/gateway.ts'
import { Random } from '../helpers/random.ts'
import { SerialLine, type SerialWire, terminalsMissing } from '../helpers/serial-line.ts'

const PASSWORD = 'correct horse'

const gateway = new GatewayProcess()
const line = new SerialLine(join(gateway.root, 'tty'))
gateway.configure({
  conf: `serial.port = ${line.device}\nserial.baud = 9600\n`,
  plugins: { sqlite: 'backend.sqlite.pool1.database = mqtt.db\n' },
})

const logged = (what: string): number => gateway.output.split(`"${what}"`).length - 1

/** A terminal whose output nobody reads yet. */
async function plugged(): Promise<SerialWire> {
  const before = logged('serial_up')
  const wire = await line.plug()
  await until('the device is opened', () => logged('serial_up') > before)
  return wire
}

async function logIn(wire: SerialWire): Promise<void> {
  await wire.sees(/login:$/)
  wire.type(`ada\r${PASSWORD}\r`)
  await wire.sees(/^ada>$/m)
}

/** Kilobytes in memory. */
const residentKb = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))![1])

describe('a serial line', { skip: terminalsMissing('socat') }, () => {
  let wire: SerialWire

  before(() => gateway.start())
  after(async () => {
    await gateway.remove()
    await line.unplug()
  })

  test('whose device is not there yet is opened when it is; the first who comes makes an account', async () => {
    await until('it is told', () => /serial_down/.test(gateway.output))
    wire = (await plugged()).read()
    await wire.sees(/one-time code[\s\S]*name:$/)
    wire.type(`ada\r${PASSWORD}\r${PASSWORD}\r`)
    await wire.sees(/^ada>$/m)
    wire.type('pools\r')
    await wire.sees(/sqlite\.pool1 +up/)
  })

  test('that is unplugged logs out; it is one line in the log each time', async () => {
    const [downs, ups] = [logged('serial_down'), logged('serial_up')]
    await line.unplug()
    await until('it is told', () => logged('serial_down') === downs + 1)
    await new Promise((resolve) => setTimeout(resolve, 1500)) // a few tries to open it
    wire = (await plugged()).read()
    await wire.sees(/^login:$/m)
    assert.deepEqual([logged('serial_down'), logged('serial_up')], [downs + 1, ups + 1])
    await logIn(wire)
  })

  test('says who did what', () => {
    const login = gateway.output.split('\n').findLast((one) => one.includes('"login"'))!
    assert.deepEqual(JSON.parse(login).from, `console ${line.device}`)
  })

  test('with noise on it does no harm, and is usable behind it', async () => {
    wire.type('logout\r')
    await wire.sees(/login:$/)
    const random = new Random(9600)
    for (let i = 0; i < 16; i++) {
      wire.type(Buffer.from(Array.from({ length: 1024 }, () => random.between(0, 255))))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    // what of it was a login holds up that name alone; somebody who comes wakes the line up, and sees where it stands
    await until(
      'there is a prompt',
      async () => {
        wire.type('\x03')
        await new Promise((resolve) => setTimeout(resolve, 300))
        return /login:$/.test(wire.screen.visible)
      },
      60_000,
    )
    await logIn(wire)
    assert.equal((await gateway.ctl('clock')).trusted, true)
  })

  test('with ^S stands still until the next key', async () => {
    wire.type('\x13')
    await new Promise((resolve) => setTimeout(resolve, 300))
    const before = wire.bytes.length
    wire.type('\x11pools\r')
    await wire.sees(/sqlite\.pool1 +up/)
    assert.ok(wire.bytes.length > before)
  })

  test('takes a megabyte pasted at once', async () => {
    const text = `## ${'x'.repeat(120)}\n`.repeat(2 ** 23 / 8 / 124)
    wire.type(`paste acl.conf\r`)
    await wire.sees(/Paste or type acl.conf/)
    wire.type(text.replaceAll('\n', '\r'))
    wire.type('\x04')
    await until('it is taken', () => /acl.conf in the candidate/.test(wire.screen.visible), 120_000)
    assert.match(
      wire.screen.text,
      new RegExp(`^${text.length} bytes, ${text.length / 124} lines, sha256 [0-9a-f]{16}…$`, 'm'),
    )
    assert.equal(
      (await gateway.ctl('config', 'files')).find((one: { file: string }) => one.file === 'acl.conf').bytes,
      text.length,
    )
    wire.type('config discard\r')
    await wire.sees(/ada>$/)
  })

  test('that a commit moves elsewhere is back when nobody confirms it', async (t) => {
    const other = new SerialLine(join(gateway.root, 'other'))
    t.after(() => other.unplug())
    const there = (await other.plug()).read()
    wire.type(`config set serial.port ${other.device}\rconfig commit --confirm 4s\r`)
    await wire.sees(/It is taken back in 4 s unless/)
    await there.sees(/login:$/)
    await wire.sees(/login:$/)
    there.type('\r')
    const before = there.bytes.length
    await logIn(wire)
    assert.equal(there.bytes.length, before)
  })

  test('whose reader reads nothing holds nothing up: not the memory, not the gateway, not its end', async () => {
    await line.unplug()
    const deaf = await plugged()
    const logins = logged('login')
    deaf.type(`ada\r${PASSWORD}\r`)
    await until('it is logged in', () => logged('login') > logins)
    for (let i = 0; i < 500; i++) deaf.type('help\r  status\r  \x03')
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const before = residentKb()
    for (let i = 0; i < 5000; i++) deaf.type('help\r  status\r  \x03')
    await new Promise((resolve) => setTimeout(resolve, 1000))
    assert.ok(residentKb() - before < 30_000, `${residentKb() - before} KB more`)
    assert.equal((await gateway.ctl('clock')).trusted, true)
    assert.equal(await gateway.stop(), 0)
  })
})

test('holdfast console --port: one more line, at the same time', { skip: terminalsMissing('socat') }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-lines-'))
  const [first, second] = ['one', 'two'].map((name) => new SerialLine(join(folder, name))) as [SerialLine, SerialLine]
  const other = new GatewayProcess({ conf: `serial.port = ${first.device}\n` })
  const wires = await Promise.all([first.plug(), second.plug()])
  for (const wire of wires) wire.read()
  await other.start()
  const env = { ...process.env, HOLDFAST_DATA: other.data }
  const child = spawn(...commandLine('console', '--port', second.device, '--baud', '9600'), {
    env,
    stdio: 'inherit',
  })
  await wires[0]!.sees(/name:$/)
  wires[0]!.type(`ada\r${PASSWORD}\r${PASSWORD}\r`)
  await wires[0]!.sees(/ada>$/)
  wires[1]!.type('\r')
  await wires[1]!.sees(/(login|name):$/)
  wires[1]!.type(`\x03\r`)
  await logIn(wires[1]!)
  for (const wire of wires) wire.type('clock\r')
  for (const wire of wires) await wire.sees(/trusted +true/)
  await other.stop()
  wires[1]!.type('clock\r')
  await wires[1]!.sees(/no gateway is running/)
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
  await Promise.all([first.unplug(), second.unplug()])
  await other.remove()
  rmSync(folder, { recursive: true })
})
