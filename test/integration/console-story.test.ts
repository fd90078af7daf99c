// One whole story without a network: a person with a laptop and a serial cable makes a fresh gateway send what it gets to a database.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { GatewayProcess } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { SerialLine, terminalsMissing } from '../helpers/serial-line.ts'
import { TerminalProgram } from '../helpers/terminal-program.ts'

const PASSWORD = 'correct horse'
/** With two faults. */
const HOOKS = `## what the plant says
backend.sqlite.pool1.database = mqtt.db
backend.sqlite.pool1.pool_sizes = 8
backend.sqlite.hook.message.publish.1 = {"topic": "plant/#", "action": {"function": "on_message_publsih"}, "pool": "pool1"}
`
const MENDED = '{"topic": "plant/#", "action": {"function": "on_message_publish"}, "pool": "pool1"}'

const gateway = new GatewayProcess()
const line = new SerialLine(join(gateway.root, 'tty'))
const terminal = new TerminalProgram()
const skip = terminalsMissing('socat', 'picocom', 'tmux')

before(async () => {
  if (skip) return
  gateway.configure({
    conf: `serial.port = ${line.device}\n`,
    plugins: { sqlite: 'backend.sqlite.pool1.database = mqtt.db\n' },
  })
  const end = join(gateway.root, 'laptop')
  await line.plug(end)
  await gateway.start()
  await terminal.start('picocom', '-q', '-b', '115200', end)
})
after(async () => {
  if (skip) return
  await terminal.end()
  await gateway.remove()
  await line.unplug()
})

test('from nothing to rows, over a serial cable', { skip }, async () => {
  const enter = async (text: string): Promise<void> => {
    await terminal.type(text)
    await terminal.press('Enter')
  }
  await terminal.press('Enter')
  await terminal.sees(/choose a name, and then a password[\s\S]*name:$/)
  await enter('ada')
  await terminal.sees(/new password:$/)
  await enter(PASSWORD)
  await terminal.sees(/once more:$/)
  await enter(PASSWORD)
  await terminal.sees(/ada>$/)

  // a hooks file, and its two faults
  await terminal.type('paste plug')
  await terminal.press('Tab')
  await terminal.sees(/ada> paste plugins\/emqx_backend_sqlite.conf$/)
  await terminal.press('Enter')
  await terminal.sees(/A line that is a lone dot, or ctrl-d, ends it/)
  await terminal.paste(HOOKS)
  await terminal.press('C-d')
  const faults = await terminal.sees(/4 lines, sha256[\s\S]*ada\*>$/)
  assert.match(faults, /plugins\/emqx_backend_sqlite.conf:3:1: unknown key backend.sqlite.pool1.pool_sizes/)
  assert.match(faults, /plugins\/emqx_backend_sqlite.conf:4:\d+: unknown function on_message_publsih/)
  assert.doesNotMatch(faults, /:[25]:\d+: /)

  // mended, in place
  await enter('config unset backend.sqlite.pool1.pool_sizes')
  await terminal.sees(/revision 2[\s\S]*ada\*>$/)
  await enter(`config set backend.sqlite.hook.message.publish.1 ${MENDED}`)
  await terminal.sees(/revision 3[\s\S]*ada\*>$/)
  await enter('config check')
  await terminal.sees(/A commit may be made\.\s+ada\*>$/)
  await enter('pool test pool1')
  await terminal.sees(/ok +true[\s\S]*ada\*>$/)
  await enter('config commit --confirm 5')
  await terminal.sees(/taken back in 300 s unless `config confirm` comes\.\s+ada \(\d+ s to confirm\)>$/)
  await enter('config confirm')
  await terminal.sees(/stays\.\s+ada>$/)

  // what waits, and how it falls to nothing
  await enter('lane pause pool1')
  await terminal.sees(/is paused[\s\S]*ada>$/)
  const client = await Client.connect(gateway.url, 'plant')
  await Promise.all(Array.from({ length: 501 }, (_, n) => client.publish(`plant/${n % 10}`, `reading ${n}`)))
  await client.mqtt.endAsync()
  await terminal.press('C-l')
  await enter('watch status')
  await terminal.sees(/sqlite\.pool1 +\S+ +paused +501 /)
  await terminal.press('q')
  await terminal.sees(/ada>$/)
  await enter('lane resume pool1')
  await terminal.sees(/lane resume pool1\n.+\nada>$/)
  await enter('watch status')
  await terminal.sees(/sqlite\.pool1 +up +live +0 /)
  await terminal.press('q')
  await enter('logout')
  await terminal.sees(/login:$/)
  assert.equal((await gateway.pool()).forwarded, 501)
})
