// The command line as a person meets it, also with words that make no sense: what is said, and the exit code.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { commandLine, GatewayProcess, until } from '../helpers/gateway.ts'

const SQLITE = 'backend.sqlite.pool1.database = mqtt.db\n'

const gateway = new GatewayProcess({ plugins: { sqlite: SQLITE } })
after(() => gateway.remove())

interface Told {
  code: number
  stdout: string
  stderr: string
}

async function holdfast(...words: string[]): Promise<Told> {
  const env = { ...process.env, HOLDFAST_ETC: gateway.etc, HOLDFAST_DATA: gateway.data }
  const child = spawn(...commandLine(...words), { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 })
  const told = { code: -1, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    told.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    told.stderr += chunk
  })
  told.code = (await once(child, 'close'))[0]
  return told
}

/** Each call ends with this code and says that, on stderr, without a stack. */
function refused(calls: readonly (readonly [call: string, code: number, says: RegExp])[]): void {
  for (const [call, code, says] of calls) {
    test(`holdfast ${call}`, async () => {
      const told = await holdfast(...call.split(' ').map((word) => (word === "''" ? '' : word)))
      assert.match(told.stderr, says)
      assert.doesNotMatch(told.stderr, /^\s+at /m)
      assert.deepEqual([told.code, told.stdout], [code, ''])
    })
  }
}

describe('without a running gateway', () => {
  refused([
    ['nix', 2, /there is no command 'nix'/],
    ['run --foo', 2, /Unknown option '--foo'/],
    ['run here', 2, /Unexpected argument 'here'/],
    ["run --data ''", 2, /expected a folder behind --data/],
    ['check --etc', 2, /--etc <value>' argument missing/],
    ['version --json', 2, /Unknown option '--json'/],
    ['passwd', 2, /expected one of NAME, --delete NAME and --list/],
    ['passwd ada --list', 2, /expected one of NAME/],
    ['passwd ada --cost 9', 2, /expected a whole number from 10 to 16 behind --cost, not '9'/],
    ['passwd a:b', 1, /a name must not hold ':'/],
    ['passwd ada', 1, /a password must not be empty/],
    ['passwd --delete ada', 1, /there is no user ada in .*passwd\nhint: users: none/],
    ['schema', 2, /which backend\?/],
    ['schema pgsql mysql', 2, /expected one backend, not 2/],
    ['schema pgsql --pool pool1', 2, /--pool goes with --apply/],
    ['schema pgsql --apply', 2, /--apply needs --pool NAME/],
    ['schema kafka', 1, /there is no backend 'kafka'\nhint: backends: .*sqlite/],
    ['schema sqlite --apply --pool nix', 1, /there is no sqlite pool nix .*\nhint: pools: pool1/],
    ['schema pgsql --apply --pool pool1', 1, /hint: emqx_backend_pgsql.conf is not there/],
    ['ctl', 2, /which command\?/],
    ['ctl status --data', 2, /expected a folder behind --data/],
    ['ctl status', 1, /no gateway is running on .*\nhint: start it with `holdfast run`/],
  ])

  test('each command has its help', async () => {
    for (const command of ['run', 'check', 'passwd', 'schema', 'ctl', 'version']) {
      const { code, stdout, stderr } = await holdfast(command, '--help')
      assert.deepEqual([code, stderr], [0, ''])
      assert.ok(stdout.startsWith(`holdfast ${command}`))
    }
  })
})

test('a plugin that is not loaded: its faults do not stop a start, and are told when its tables are asked for', async () => {
  mkdirSync(join(gateway.etc, 'plugins'), { recursive: true })
  const file = join(gateway.etc, 'plugins', 'emqx_backend_pgsql.conf')
  writeFileSync(file, 'backend.pgsql.pool1.server = 127.0.0.1:1\nbackend.pgsql.pool1.nonsense = 3\n')
  const { code, stderr } = await holdfast('schema', 'pgsql', '--apply', '--pool', 'pool1')
  assert.equal(code, 1)
  assert.ok(stderr.startsWith(`${file}:2:1: unknown key backend.pgsql.pool1.nonsense`), stderr)
  assert.match(stderr, /the configuration has 1 fault\n/)
  writeFileSync(file, 'backend.pgsql.pool1.server = 127.0.0.1:1\n')
  const unreachable = await holdfast('schema', 'pgsql', '--apply', '--pool', 'pool1')
  assert.match(
    unreachable.stderr,
    /pool pool1: .*ECONNREFUSED 127.0.0.1:1\nhint: its keys are in .*emqx_backend_pgsql.conf/,
  )
  assert.equal(unreachable.code, 1)
  writeFileSync(file, 'nonsense\n')
})

describe('with a running gateway', () => {
  const conf = join(gateway.etc, 'holdfast.conf')
  before(async () => {
    appendFileSync(conf, 'sys.interval = 5s\nsys.interval = 6s\n')
    await gateway.start()
  })

  test('a warning is told with file and line, by check and by run', async () => {
    const { stdout } = await holdfast('check')
    const [, place] = /^(.*holdfast.conf:\d+:1): warning: sys.interval is set twice/m.exec(stdout)!
    const line = gateway.output.split('\n').find((one) => one.includes('"config_warning"'))
    const warning = JSON.parse(line!)
    assert.deepEqual([warning.level, warning.place, warning.why], ['warn', place, 'sys.interval is set twice'])
  })

  refused([
    ['ctl nix', 2, /there is no command 'nix'\nhint: commands: status, /],
    ['ctl lane', 2, /hint: commands: lane pause, lane resume, lane skip, lane show\n/],
    ['ctl lane pause', 2, /expected POOL: a pool's name\nhint: lane pause POOL\n/],
    ['ctl lane pause nix', 1, /there is no pool 'nix'\nhint: pools: sqlite.pool1/],
    [
      'ctl lane skip pool1 --to soon',
      2,
      /--to: expected a whole number from 1 on, not 'soon'\nhint: lane skip POOL --to SEQ/,
    ],
    ['ctl lane skip pool1', 2, /expected --to SEQ: a whole number/],
    ['ctl lane pause pool1 now', 2, /one word too many: 'now'\nhint: lane pause POOL\n/],
    ['ctl lane puase pool1', 2, /no command 'lane puase pool1'\nhint: did you mean 'lane pause'\?/],
    ['ctl statsu', 2, /hint: did you mean 'status'\?/],
    ['ctl messages a --limti 3', 2, /unknown option --limti; did you mean --limit\?\nhint: messages TOPIC/],
    ['ctl clients --all=3', 2, /--all takes no value\nhint: clients \[--all\]/],
    ['ctl lane skip pool1 --to', 2, /expected a whole number from 1 on behind --to/],
    ['ctl help nix', 2, /there is no command 'nix'/],
    ['ctl status now', 2, /'status' takes no arguments/],
    ['ctl dead show 7', 1, /there is no dead letter 7/],
    ['ctl messages a/#/b', 2, /no topic filter/],
    ['ctl plugins load emqx_backend_pgsql', 1, /emqx_backend_pgsql.conf:1:1: expected key = value/],
  ])

  test('help on a command, what it would do, completion', async () => {
    const { stdout } = await holdfast('ctl', 'lane', 'skip', '--help')
    assert.ok(stdout.startsWith('lane skip POOL --to SEQ\n'), stdout)
    assert.equal((await holdfast('ctl', 'help', 'lane', 'skip')).stdout, stdout)
    const { stdout: would } = await holdfast('ctl', 'lane', 'skip', 'pool1', '--to', '1', '--dry-run')
    assert.equal(would, 'Gives up what waits for sqlite.pool1 up to event 1: it will never be in that database.\n')
    assert.equal((await holdfast('complete', '--', 'ctl', 'lane', 'skip', 's')).stdout, 'sqlite.pool1\tup\n')
    assert.equal((await holdfast('completion', 'fish')).code, 2)
  })

  test('the log: its newest lines, by level, and what comes; how much is logged', async () => {
    const [newest] = await gateway.ctl('log', 'tail', '-n', '1')
    assert.deepEqual(Object.keys(newest), ['time', 'level', 'message', 'fields'])
    const warnings = await gateway.ctl('log', 'tail', '--level', 'warn')
    assert.ok(warnings.every(({ level }: { level: string }) => level === 'warn'))
    assert.deepEqual(await gateway.ctl('log', 'level'), { level: 'info' })
    assert.deepEqual(await gateway.ctl('log', 'level', 'debug'), { level: 'debug' })
    assert.match((await holdfast('ctl', 'log', 'level', 'loud')).stderr, /LEVEL: expected one of trace, debug, info/)
    assert.match((await holdfast('ctl', 'lanes', '--follow')).stderr, /nothing follows 'lanes'/)
    const following = spawn(...commandLine('ctl', 'log', 'tail', '-f', '-n', '1'), {
      env: { ...process.env, HOLDFAST_DATA: gateway.data },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let heard = ''
    following.stdout.on('data', (chunk) => {
      heard += chunk
    })
    await until('the newest line', () => heard.split('\n').length === 2)
    await gateway.ctl('config', 'set', 'mqtt.max_inflight', '7')
    await gateway.ctl('config', 'commit')
    await until('the next one', () => /config_committed version=\d+ who=\S+ from=ctl\n/.test(heard))
    following.kill()
  })

  test('a plugin that could not be loaded is not left in the list', async () => {
    assert.ok(existsSync(join(gateway.etc, 'loaded_plugins')))
    assert.deepEqual(
      (await gateway.ctl('plugins', 'list')).map(({ name, loaded }: { name: string; loaded: boolean }) => [
        name,
        loaded,
      ]),
      [
        ['emqx_backend_pgsql', false],
        ['emqx_backend_sqlite', true],
      ],
    )
  })
})
