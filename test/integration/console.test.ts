// The console as somebody at a terminal meets it, on a real gateway.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { runningGateway } from '../../src/cli/control.ts'
import { serveConsole } from '../../src/console/console.ts'
import type { ConsoleOptions, Host } from '../../src/console/host.ts'
import { commandLine, GatewayProcess } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { Screen, Wire } from '../helpers/screen.ts'
import { terminalsMissing } from '../helpers/serial-line.ts'
import { TerminalProgram } from '../helpers/terminal-program.ts'

const gateway = new GatewayProcess({ plugins: { sqlite: 'backend.sqlite.pool1.database = mqtt.db\n' } })
const skip = terminalsMissing('tmux')
const PASSWORD = 'correct horse'
let host: Host

before(async () => {
  await gateway.start()
  await gateway.stop()
  await gateway.start() // a listener that a rollback finds again
  host = runningGateway(gateway.data)
})
after(() => {
  for (const wire of wires) wire.toConsole.destroy()
  return gateway.remove()
})
const wires: Wire[] = []

/** A terminal at a console of the gateway. */
function sitDown(options: Partial<ConsoleOptions> = {}, screen?: Screen): Wire & { ended: Promise<void> } {
  const wire = new Wire(screen).read()
  wires.push(wire)
  const ended = serveConsole(wire.line, { host, from: 'console test', ...options })
  return Object.assign(wire, { ended })
}

async function loggedIn(options: Partial<ConsoleOptions> = {}, screen?: Screen) {
  const wire = sitDown(options, screen)
  await wire.sees(/^login:$/m)
  wire.type('ada\r')
  await wire.sees(/^password:$/m)
  wire.type(`${PASSWORD}\r`)
  await wire.sees(/^ada>$/m)
  return wire
}

test('the first who comes chooses a name and a password, which is never shown', async () => {
  const wire = sitDown()
  await wire.sees(/Nobody has an account here yet[\s\S]*one-time code: \w{4}-\w{4}\nname:$/)
  wire.type('ada\r')
  await wire.sees(/new password:$/)
  wire.type('short\r')
  await wire.sees(/once more:$/)
  wire.type('short\r')
  await wire.sees(/a password has at least 8 characters/)
  wire.type(`ada\r${PASSWORD}\r${PASSWORD}\r`)
  await wire.sees(/takes your hooks file[\s\S]*ada>$/)
  assert.equal(wire.bytes.includes('horse'), false)
  wire.type('logout\r')
  await wire.sees(/login:$/)
  wire.toConsole.end()
  await wire.ended
})

describe('login', () => {
  test('a wrong name and a wrong password are one; the password is not shown', async () => {
    const wire = sitDown()
    for (const name of ['ada', 'nobody']) {
      wire.type(`${name}\rwrong horse\r`)
      await wire.sees(new RegExp(`login: ${name}\\npassword: *\\nthe name or the password is wrong\\nlogin:$`))
    }
    assert.equal(wire.bytes.includes('horse'), false)
    wire.toConsole.end()
    await wire.ended
  })

  test('tries are limited', async () => {
    const wire = sitDown({ from: 'console guesser' })
    for (let i = 0; i < 5; i++) {
      wire.type('ada\rwrong horse\r')
      await wire.sees(new RegExp(`(the name or the password is wrong[\\s\\S]*){${i + 1}}login:$`))
    }
    wire.type(`ada\r${PASSWORD}\r`)
    await wire.sees(/too many wrong passwords/)
    wire.toConsole.end()
    await wire.ended
  })

  test('^C and an empty name ask anew; on a terminal of its own ^D leaves, and so do three wrong ones', async () => {
    const wire = sitDown({ once: true })
    wire.type('ad\x03')
    await wire.sees(/login: ad\nlogin:$/)
    wire.type('\r')
    await wire.sees(/login: *\n\nHoldfast: [\s\S]*login:$/)
    wire.type('\x04')
    await wire.ended
    const other = sitDown({ once: true, from: 'console other' })
    other.type('x\ry\r'.repeat(3))
    await other.ended
  })

  test('noise at the prompt does no harm', async () => {
    const wire = sitDown()
    wire.type(Buffer.from(Array.from({ length: 256 }, (_, i) => i).filter((byte) => byte !== 0x0d && byte !== 0x0a)))
    wire.type('\x03\x15')
    await wire.sees(/login:$/)
    wire.type(`ada\r${PASSWORD}\r`)
    await wire.sees(/^ada>$/m)
    wire.toConsole.end()
    await wire.ended
  })
})

describe('who is logged in', () => {
  test('gives commands, and sees what they answer', async () => {
    const wire = await loggedIn()
    wire.type('pools\r')
    await wire.sees(/sqlite\.pool1 +up/)
    for (const [verb, mode] of Object.entries({ pause: 'paused', resume: 'live' })) {
      wire.type(`lane ${verb} sqlite.pool1\rwatch status\r`)
      await wire.sees(new RegExp(`sqlite\\.pool1 +up +${mode}`))
      wire.type(' ')
    }
    wire.type('statsu\r')
    await wire.sees(/there is no command 'statsu'\nhint: did you mean 'status'\?/)
    wire.type("messages 'a\r")
    await wire.sees(/the quote ' is not closed/)
    wire.toConsole.end()
    await wire.ended
  })

  test('is asked before what cannot be undone', async () => {
    const wire = await loggedIn()
    wire.type('lane skip sqlite.pool1 --to 1\r')
    await wire.sees(/Gives up what waits[\s\S]*Go on\? \[y\/N\]$/)
    wire.type('n\r')
    await wire.sees(/Nothing is changed\.\nada>$/)
    wire.type('lane skip sqlite.pool1 --to 1 --dry-run\r')
    await wire.sees(/--dry-run\nGives up what waits/)
    wire.toConsole.end()
    await wire.ended
  })

  test('Tab completes commands and what the gateway has', async () => {
    const wire = await loggedIn()
    wire.type('la\t')
    await wire.sees(/ada> lane$/)
    wire.type('\t')
    await wire.sees(/lane\n {2}lanes +every lane[\s\S]*ada> lane$/)
    wire.type(' sk\tsq\t--t\t')
    await wire.sees(/^ada> lane skip sqlite\.pool1 --to$/m)
    wire.type('\x15watch sta\t')
    await wire.sees(/^ada> watch status$/m)
    wire.toConsole.end()
    await wire.ended
  })

  test('reads what is long a screenful at a time', async () => {
    const wire = await loggedIn({}, new Screen(80, 10))
    wire.type('help\r')
    await wire.sees(/--more--$/)
    assert.match(wire.screen.visible, /everything at a glance/)
    wire.type(' ')
    await wire.sees(/^(?![\s\S]*everything at a glance)[\s\S]*--more--$/)
    assert.equal(wire.screen.visible.split('\n').length, 10)
    wire.type('\rq')
    await wire.sees(/ada>$/)
    wire.toConsole.end()
    await wire.ended
  })

  test('watches, until a key', async () => {
    const wire = await loggedIn()
    wire.type('watch lanes\r')
    await wire.sees(/^pool +sqlite\.pool1\nmode +live[\s\S]*any key ends this$/)
    wire.type('x')
    await wire.sees(/any key ends this\nada>$/)
    wire.type('watch reload\r')
    await wire.sees(/'reload' changes something/)
    wire.toConsole.end()
    await wire.ended
  })

  test('sets another password', async () => {
    const wire = await loggedIn()
    wire.type(`password\r${PASSWORD}\ranother horse\ranother horse\r`)
    await wire.sees(/Your password is changed/)
    wire.type(`password\ranother horse\r${PASSWORD}\r${PASSWORD}\r`)
    await wire.sees(/(Your password is changed[\s\S]*){2}/)
    assert.equal(wire.bytes.includes('horse'), false)
    wire.toConsole.end()
    await wire.ended
  })

  test('is logged out when no key comes', async () => {
    const wire = sitDown({ host: { ...host, idleMs: () => 500 } })
    await wire.sees(/login:$/)
    wire.type(`ada\r${PASSWORD}\r`)
    await wire.sees(/logged out: no key came for too long\n\nHoldfast: [\s\S]*login:$/)
    wire.toConsole.end()
    await wire.ended
  })

  test('is not there any more when the line drops', async () => {
    const wire = await loggedIn()
    wire.toConsole.destroy()
    await wire.ended
  })
})

describe('what others have written', () => {
  test('does nothing to the terminal, nor does Tab type it', async () => {
    const evil = 'evil\x1b[2J\u009b31m\u202egnp'
    const client = await Client.connect(gateway.url, evil)
    const wire = await loggedIn()
    wire.type('clients\r')
    await wire.sees(/clientid +evil\\x1b\[2J\\u009b31m\\u202egnp/)
    assert.equal(/\x1b\[2J|\u009b|\u202e/.test(wire.bytes), false)
    wire.type('client kick \t')
    await new Promise((resolve) => setTimeout(resolve, 200))
    await wire.sees(/^ada> client kick$/m)
    wire.toConsole.end()
    await wire.ended
    await client.mqtt.endAsync()
  })
})

describe('the configuration', () => {
  test('says in the prompt what is still to be done', async () => {
    const wire = await loggedIn()
    wire.type('config set mqtt.max_inflight 31\r')
    await wire.sees(/^ada\*>$/m)
    wire.type('config commit --confirm 5\r')
    await wire.sees(/^ada \((300|29\d) s to confirm\)>$/m)
    wire.type('config rollback\r')
    await wire.sees(/runs again\.\nada>$/)
    wire.toConsole.end()
    await wire.ended
  })

  test('is taken as typed, with backspace, until a lone dot; ^C drops it', async () => {
    const wire = await loggedIn()
    wire.type('paste acl.conf\r')
    await wire.sees(/ctrl-c drops it\.$/)
    wire.type('topicx\x7f plant/#\r.\r')
    await wire.sees(/14 bytes, 1 lines, sha256 \w+…\nacl.conf in the candidate/)
    wire.type('config file get acl.conf\r')
    await wire.sees(/config file get acl.conf\ntopic plant\/#\nada\*>$/)
    wire.type('paste acl.conf\r')
    await wire.sees(/ctrl-c drops it\.$/)
    wire.type('user nobody\r\x03')
    await wire.sees(/Nothing is changed\.\nada\*>$/)
    wire.type('config discard\r')
    await wire.sees(/^ada>$/m)
    wire.toConsole.end()
    await wire.ended
  })

  test('is not read from files: there are none here', async () => {
    const wire = await loggedIn()
    wire.type('config file put acl.conf /etc/passwd\r')
    await wire.sees(/a console has no file \/etc\/passwd\nhint: leave SOURCE out, and paste it/)
    wire.toConsole.end()
    await wire.ended
  })
})

test('what comes is followed until a key', async () => {
  const wire = await loggedIn()
  wire.type('log tail --follow --lines 1\r')
  await wire.sees(/login operator=ada/)
  const client = await Client.connect(gateway.url, 'a')
  await client.mqtt.endAsync()
  wire.type('operators\r') // any key, and the rest is a command
  await wire.sees(/perators/)
  wire.toConsole.end()
  await wire.ended
})

test('a password is asked for, twice and unseen; one on the line is neither taken nor remembered', async () => {
  const wire = await loggedIn()
  wire.type('user add meter TypedOnTheLine\r')
  await wire.sees(/PASSWORD is asked for, and does not stand on the line/)
  wire.type('history\r')
  await wire.sees(/\d {2}history\n/)
  assert.equal(wire.screen.text.match(/TypedOnTheLine/g)?.length, 1) // as it was typed
  wire.type('user add meter\r')
  await wire.sees(/new password:$/)
  wire.type('Zwiebelkuchen\r')
  await wire.sees(/once more:$/)
  wire.type('Zwiebel\r')
  await wire.sees(/the two passwords differ; nothing is changed/)
  wire.type('user add meter\r')
  await wire.sees(/new password:$/)
  wire.type('Zwiebelkuchen\r')
  await wire.sees(/once more:$/)
  wire.type('Zwiebelkuchen\r')
  await wire.sees(/meter may connect/)
  assert.doesNotMatch(wire.screen.text, /Zwiebel/)
  wire.type('user remove meter --yes\r')
  await wire.sees(/meter is no user any more/)
  wire.toConsole.end()
  await wire.ended
})

test('who has no account any more does nothing more', async () => {
  const wire = await loggedIn()
  await gateway.ctlAsked('battery staple', 'operator', 'set', 'bob')
  wire.type('logout\r')
  await wire.sees(/login:$/)
  wire.type('bob\rbattery staple\r')
  await wire.sees(/bob>$/)
  await gateway.ctl('operator', 'remove', 'bob')
  wire.type('pools\r')
  await wire.sees(/the account is gone, or has another password: nothing was done\n\n[\s\S]*login:$/)
  wire.toConsole.end()
  await wire.ended
})

test('on a slow line: what a login, a status and each further look at it take', async () => {
  const wire = await loggedIn()
  wire.type('watch status\r')
  await wire.sees(/any key ends this$/)
  const [before, frames] = [wire.bytes.length, 3]
  await new Promise((resolve) => setTimeout(resolve, 2000 * frames))
  const each = (wire.bytes.length - before) / frames
  assert.ok(before < 3000, `${before} bytes for a login and a screenful`)
  assert.ok(each < 100, `${each} bytes for each look`)
  wire.type('q')
  wire.toConsole.end()
  await wire.ended
})

test('several lines pasted at once run only if that was meant', async () => {
  const wire = await loggedIn()
  wire.type('\x1b[200~pools\nlanes\n\x1b[201~')
  await wire.sees(/2 lines were pasted:\n {2}pools\n {2}lanes\n[\s\S]*Go on\? \[y\/N\]$/)
  wire.type('n\r')
  await wire.sees(/ada>$/)
  wire.type('\x1b[200~pools\nlanes\n\x1b[201~')
  wire.type('y\r')
  await wire.sees(/^mode +live/m)
  wire.toConsole.end()
  await wire.ended
})

test('two consoles at once, and one whose reader never reads holds up nobody', async () => {
  const deaf = new Wire()
  const ended = serveConsole(deaf.line, { host, from: 'console deaf' })
  deaf.type(`ada\r${PASSWORD}\r${'help\r '.repeat(5000)}`)
  const wire = await loggedIn()
  wire.type('pools\r')
  await wire.sees(/sqlite\.pool1 +up/)
  assert.ok(deaf.fromConsole.readableLength + deaf.fromConsole.writableLength <= 3 * 4096)
  wire.toConsole.end()
  await wire.ended
  deaf.toConsole.destroy()
  await ended
})

test('holdfast console at a terminal: no key but ^D ends it, and the terminal is as it was', { skip }, async (t) => {
  const terminal = await new TerminalProgram().start('sh')
  t.after(() => terminal.end())
  const [program, words] = commandLine('console', '--data', gateway.data)
  await terminal.type(`PS1='shell: '; ${[program, ...words].join(' ')}`)
  await terminal.press('Enter')
  await terminal.sees(/^login:$/m)
  await terminal.press('C-z', 'C-c')
  await terminal.type('ada')
  await terminal.press('Enter')
  await terminal.sees(/password:$/)
  await terminal.type(PASSWORD)
  await terminal.press('Enter')
  await terminal.sees(/ada>$/)
  await terminal.type('resize')
  await terminal.press('Enter')
  await terminal.sees(/^80 columns, 24 rows$/m)
  await terminal.press('C-d')
  await terminal.sees(/shell:$/)
  await terminal.type('stty -a | grep -c -w -e -echo -e -icanon; echo over')
  await terminal.press('Enter')
  await terminal.sees(/^0\nover$/m)
})

test('holdfast console on a pipe: a script of lines', async () => {
  const env = { ...process.env, HOLDFAST_DATA: gateway.data }
  const child = spawn(...commandLine('console'), { env, stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stdin.end(`ada\r${PASSWORD}\rpools\r`)
  const [code] = await once(child, 'close')
  assert.match(output, /sqlite\.pool1 +up/)
  assert.equal(code, 0)
})
