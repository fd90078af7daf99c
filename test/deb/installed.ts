// The packages as an administrator meets them: on a Debian system that runs, each installed, killed, upgraded, removed, purged.
// `npm run test-deb`

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { packageFile } from '../../scripts/build.d/deb.ts'
import { asked } from '../../scripts/build.d/place.ts'
import { releaseFolder } from '../../scripts/build.d/release.ts'
import { until } from '../helpers/gateway.ts'
import { temporaryFolder } from '../helpers/journal.ts'
import { DebianMachine, systemMissing } from './debian.ts'

const PATIENCE_MS = 120_000
const CONF = '/etc/holdfast/holdfast.conf'
const PLUGIN = '/etc/holdfast/plugins/emqx_backend_pgsql.conf'
const DATA = '/var/lib/holdfast'
/** Payloads, as scene after scene publishes them. */
const ACKNOWLEDGED = ['installed', 'KILL', 'STOP', 'restart']
/** Of 10, as `systemd-analyze security` sees it. */
const MOST_EXPOSED = 2

const architectures = asked((process.env.HOLDFAST_ARCHITECTURES ?? '').split(' ').filter(Boolean))

test('the folder of a release: complete, and its sums are right', () => {
  const folder = releaseFolder(architectures)
  const sums = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })
  const aside = ['CHANGELOG.md', 'LICENSE', 'holdfast.service']
  const each = architectures.flatMap((one) => {
    const binary = `holdfast-linux-${one}`
    return [binary, `${binary}.cdx.json`, `${binary}.licences.txt`, basename(packageFile(one))]
  })
  assert.deepEqual(sums.trimEnd().split('\n').sort(), [...each, ...aside].map((name) => `${name}: OK`).sort())
  assert.deepEqual(readdirSync(folder).sort(), [...each, ...aside, 'SHA256SUMS'].sort())
})

const skip = systemMissing()

for (const architecture of architectures) {
  const deb = packageFile(architecture)
  test(`${basename(deb)}: lintian finds nothing`, () => {
    const words = ['--allow-root', '--fail-on', 'error,warning,info', '--tag-display-limit', '0', deb]
    execFileSync('lintian', words, { stdio: 'pipe', encoding: 'utf8' })
  })
  test(`${basename(deb)}: on a system of its own`, { skip }, async (t) => {
    const system = new Installed(await DebianMachine.boot(t, architecture === 'x64' ? 'amd64' : 'arm64'))
    if (architecture !== process.arch) system.isEmulated()

    await t.test('installed: it runs, as its own user, whose its folders are', () => system.isInstalled(deb))
    await t.test('systemd has nothing against its unit, and sees little that is exposed', () => system.isGuarded())
    await t.test('killed, hung or restarted, it is there again, and so is what it acknowledged', () =>
      system.comesBack(),
    )
    await t.test('upgraded: what somebody changed stays so, disabled included', () =>
      system.isUpgraded(later(deb, temporaryFolder(t))),
    )
    await t.test('removed, configuration and data stay; with the next installation it has them', () =>
      system.isRemoved(deb),
    )
    await t.test('purged, only its user stays', () => system.isPurged())
  })
}

/** The next version of a package: other files as shipped, and nothing else. */
function later(deb: string, folder: string): string {
  const [inside, file] = [join(folder, 'inside'), join(folder, 'later.deb')]
  execFileSync('dpkg-deb', ['-R', deb, inside])
  const control = join(inside, 'DEBIAN/control')
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*/m, '$&+later'))
  for (const conf of [CONF, PLUGIN]) appendFileSync(join(inside, conf), '# as shipped later\n')
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', inside, file], { stdio: 'pipe' })
  return file
}

class Installed {
  readonly #machine: DebianMachine

  constructor(machine: DebianMachine) {
    this.#machine = machine
  }

  /** The emulator of a processor knows no namespaces of users. */
  isEmulated(): void {
    this.#dropIn('emulated', 'PrivateUsers=no')
  }

  isInstalled(deb: string): void {
    this.#install(deb)
    this.#isActive()
    assert.equal(this.#property('UnitFileState'), 'enabled')
    const owners = this.#run('stat', '-c', '%U:%G %a %n', '/etc/holdfast', DATA, `${DATA}/journal.db`)
    assert.deepEqual(owners.trimEnd().split('\n'), [
      'holdfast:holdfast 700 /etc/holdfast',
      `holdfast:holdfast 700 ${DATA}`,
      `holdfast:holdfast 600 ${DATA}/journal.db`,
    ])
    assert.equal(this.#run('stat', '-c', '%U', `/proc/${this.#property('MainPID')}`).trim(), 'holdfast')
    this.#run('systemctl', 'reload', 'holdfast')
    this.#publish('installed')
    assert.deepEqual(this.#stored(), ['installed'])
    assert.match(this.#run('holdfast', 'check'), /^0 faults, 0 warnings$/m)
  }

  isGuarded(): void {
    assert.equal(this.#machine.try('systemd-analyze', 'verify', 'holdfast.service'), '')
    const told = this.#run('systemd-analyze', 'security', '--no-pager', 'holdfast.service')
    const [, exposed] = /exposure level for holdfast.service: ([\d.]+)/.exec(told)!
    assert.ok(Number(exposed) <= MOST_EXPOSED, `${exposed}:\n${told}`)
  }

  async comesBack(): Promise<void> {
    this.#dropIn('patience', 'RestartSec=0\nWatchdogSec=10')
    this.#run('systemctl', 'restart', 'holdfast')
    await until('a sign of life', () => {
      const [started, alive] = ['ActiveEnterTimestampMonotonic', 'WatchdogTimestampMonotonic'].map((key) =>
        Number(this.#property(key)),
      )
      return alive! > started!
    })
    for (const [what, command, why] of [
      ['KILL', ['systemctl', 'kill', '--kill-whom=main', '--signal=KILL', 'holdfast'], 'status=9/KILL'],
      ['STOP', ['systemctl', 'kill', '--kill-whom=main', '--signal=STOP', 'holdfast'], 'Watchdog timeout'],
      ['restart', ['holdfast', 'ctl', 'restart', '--yes'], 'status=75'],
    ] as const) {
      const before = Number(this.#property('NRestarts'))
      this.#publish(what)
      this.#run(...command)
      await until(
        'it is there again',
        () => Number(this.#property('NRestarts')) > before && this.#property('ActiveState') === 'active',
        PATIENCE_MS,
      )
      assert.ok(this.#run('journalctl', '--unit=holdfast', '--no-pager').includes(why))
    }
    assert.deepEqual(this.#stored(), ACKNOWLEDGED)
  }

  isUpgraded(deb: string): void {
    this.#run('sed', '-i', '$a# as somebody changed it', CONF)
    this.#run('systemctl', 'disable', 'holdfast')
    const before = this.#property('MainPID')
    this.#install(deb, '--force-confdef', '--force-confold')
    this.#isActive()
    assert.notEqual(this.#property('MainPID'), before)
    assert.equal(this.#property('UnitFileState'), 'disabled')
    assert.match(this.#run('tail', '-n1', CONF), /somebody changed/)
    assert.match(this.#run('tail', '-n1', `${CONF}.dpkg-dist`), /as shipped later/)
    assert.match(this.#run('tail', '-n1', PLUGIN), /as shipped later/)
    assert.deepEqual(this.#stored(), ACKNOWLEDGED)
  }

  isRemoved(deb: string): void {
    this.#run('dpkg', '--remove', 'holdfast')
    assert.equal(this.#property('ActiveState'), 'inactive')
    assert.ok(!this.#has('/usr/bin/holdfast') && this.#has(CONF) && this.#has(`${DATA}/journal.db`))
    this.#install(deb, '--force-confdef', '--force-confold')
    this.#run('systemctl', 'start', 'holdfast')
    assert.match(this.#run('tail', '-n1', CONF), /somebody changed/)
    assert.deepEqual(this.#stored(), ACKNOWLEDGED)
  }

  isPurged(): void {
    this.#run('dpkg', '--purge', 'holdfast')
    const left = this.#run('find', '/', '-xdev', '-name', '*holdfast*', '-not', '-path', '/proc/*')
    assert.deepEqual(left.split('\n').filter(Boolean), ['/etc/systemd/system/holdfast.service.d'])
    assert.match(this.#run('getent', 'passwd', 'holdfast'), /:\/var\/lib\/holdfast:\/usr\/sbin\/nologin$/m)
    assert.equal(this.#property('LoadState'), 'not-found')
  }

  #install(deb: string, ...options: string[]): void {
    copyFileSync(deb, join(this.#machine.root, 'tmp.deb'))
    this.#run('dpkg', ...options, '--install', '/tmp.deb')
  }

  /** Whoever starts it waits until it is. */
  #isActive(): void {
    assert.equal(
      this.#property('ActiveState'),
      'active',
      this.#machine.try('journalctl', '--no-pager', '-u', 'holdfast'),
    )
  }

  #property(key: string): string {
    return this.#run('systemctl', 'show', 'holdfast', `--property=${key}`, '--value').trim()
  }

  #dropIn(name: string, lines: string): void {
    this.#machine.write(`/etc/systemd/system/holdfast.service.d/${name}.conf`, `[Service]\n${lines}\n`)
    this.#run('systemctl', 'daemon-reload')
  }

  #publish(payload: string): void {
    this.#machine.beside('mosquitto_pub', '-q', '1', '-t', 'hello', '-m', payload)
  }

  #stored(): string[] {
    const messages = JSON.parse(this.#run('holdfast', 'ctl', 'messages', 'hello', '--json'))
    return messages.map(({ payload }: { payload: string }) => payload)
  }

  #has(file: string): boolean {
    return existsSync(join(this.#machine.root, file))
  }

  #run(...command: string[]): string {
    return this.#machine.run(...command)
  }
}
