// What `holdfast completion` prints, sourced by real shells: Tab, as a person at a terminal presses it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connectAsync, type MqttClient } from 'mqtt'
import { commandLine, GatewayProcess } from '../helpers/gateway.ts'
import { terminalsMissing } from '../helpers/serial-line.ts'
import { TerminalProgram } from '../helpers/terminal-program.ts'

/** Of clients: an address of hardware, a name that a shell would run, one that it would look for files by, one that a terminal would obey. */
const IDS = ['aa:bb:cc', 'x;touch pwned', '$(touch pwned)', '*', 'cell 7', 'sp ace\x1b]0;pwned\x07']

const STARTS = {
  bash: ['bash', '--norc', '--noprofile'],
  zsh: ['zsh', '-f'],
}
const SETUP = { bash: '', zsh: 'autoload -Uz compinit; compinit -D; ' }

const gateway = new GatewayProcess({ plugins: { sqlite: 'backend.sqlite.pool1.database = mqtt.db\n' } })
const clients: MqttClient[] = []
const folder = join(gateway.root, 'cwd')

before(async () => {
  mkdirSync(folder)
  const program = join(folder, 'holdfast')
  const words = commandLine().flat().join("' '")
  writeFileSync(program, `#!/bin/sh\nexport HOLDFAST_DATA='${gateway.data}'\nexec '${words}' "$@"\n`)
  chmodSync(program, 0o755)
  await gateway.start()
  for (const clientId of IDS) clients.push(await connectAsync(gateway.url, { clientId }))
})
after(async () => {
  for (const client of clients) await client.endAsync(true)
  await gateway.remove()
})

for (const shell of ['bash', 'zsh'] as const) {
  describe(shell, { skip: terminalsMissing('tmux', shell) }, () => {
    const terminal = new TerminalProgram()

    before(async () => {
      await terminal.start(
        'env',
        '-i',
        `-C${folder}`,
        `PATH=${folder}:${process.env.PATH}`,
        'TERM=xterm',
        ...STARTS[shell],
      )
      await terminal.type(`PS1='> '; ${SETUP[shell]}source <(holdfast completion ${shell}); clear`)
      await terminal.press('Enter')
      await terminal.sees(/^>$/)
    })
    after(() => terminal.end())

    /** The word begun is completed to that; nothing of it is run. */
    function completes(typed: string, becomes: string): void {
      test(`${typed} ⇥`, async () => {
        await terminal.type(`holdfast ${typed}`)
        await terminal.press('Tab')
        const escaped = becomes.replace(/[\\$(){}*.?+^|[\]]/g, '\\$&')
        await terminal.sees(new RegExp(`^> holdfast ${escaped}$`, 'm'))
        await terminal.press('C-u')
        await terminal.sees(/^>$/)
      })
    }

    completes('ver', 'version')
    completes('ctl lane pau', 'ctl lane pause')
    completes('ctl lane pause ', 'ctl lane pause sqlite.pool1')
    completes('ctl status --js', 'ctl status --json')
    completes('ctl help lane ski', 'ctl help lane skip')
    completes('schema pg', 'schema pgsql')
    completes('schema pgsql --ap', 'schema pgsql --apply')
    completes('selftest --js', 'selftest --json')
    completes('check --etc ./hold', 'check --etc ./holdfast')
    completes('ctl client kick a', 'ctl client kick aa:bb:cc')
    completes('ctl client kick aa:b', 'ctl client kick aa:bb:cc')
    completes('ctl client kick x', 'ctl client kick x\\;touch\\ pwned')
    completes('ctl client kick \\$', 'ctl client kick \\$\\(touch\\ pwned\\)')
    completes('ctl client kick cell\\ ', 'ctl client kick cell\\ 7')
  })
}

test('what a terminal would obey is not offered', async () => {
  const child = spawnSync(join(folder, 'holdfast'), ['complete', '--', 'ctl', 'client', 'kick', ''], {
    encoding: 'utf8',
  })
  const offered = child.stdout.trim().split('\n')
  assert.deepEqual(offered.map((line) => line.split('\t')[0]).sort(), IDS.filter((id) => !id.includes('\x1b')).sort())
})
