// `holdfast passwd` as a person types it, and as a script feeds it.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, lstatSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { commandLine, GatewayProcess, until } from '../helpers/gateway.ts'
import { findProgram } from '../helpers/processes.ts'

const gateway = new GatewayProcess()
const file = join(gateway.etc, 'passwd')
after(() => gateway.remove())

const noTerminal = findProgram('script') ? false : 'there is no script(1), which makes a terminal'

/** At a terminal: types each word when the question before it stands there. @returns what was on the screen, and the exit code */
async function typed(name: string, ...words: string[]): Promise<{ screen: string; code: number }> {
  const [program, all] = commandLine('passwd', name, '--cost', '10', '--etc', gateway.etc)
  const command = [program, ...all].map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
  let screen = ''
  child.stdout.on('data', (chunk) => {
    screen += chunk
  })
  const ended = once(child, 'close')
  for (const [index, word] of words.entries()) {
    await until('a question', () => (screen.match(/: /g) ?? []).length > index)
    child.stdin.write(word)
  }
  const [code] = await ended
  return { screen, code }
}

test('the password is asked for twice, and not shown', { skip: noTerminal }, async () => {
  const { screen, code } = await typed('ada', 'sesame\r', 'sesame\r')
  assert.match(
    screen,
    /password of ada: \s+once more: \s+user ada is added; a running gateway takes it up at: holdfast ctl/,
  )
  assert.doesNotMatch(screen, /sesame/)
  assert.equal(code, 0)
  assert.match(readFileSync(file, 'utf8'), /^ada:\$scrypt\$ln=10,/)
})

test('two that differ, and one that is broken off, change nothing', { skip: noTerminal }, async () => {
  const before = readFileSync(file, 'utf8')
  const differing = await typed('ada', 'sesame\r', 'Sesame\r')
  assert.match(differing.screen, /the two passwords differ; nothing is changed/)
  const broken = await typed('ada', 'ses\x03')
  assert.match(broken.screen, /no password was typed; nothing is changed/)
  assert.deepEqual([differing.code, broken.code], [2, 2])
  assert.equal(readFileSync(file, 'utf8'), before)
})

test('a file with a fault is not written, and the fault is told', async () => {
  const before = readFileSync(file, 'utf8')
  writeFileSync(file, `${before}bob\n`)
  await assert.rejects(gateway.passwd('ada', 'other'), /passwd:2:1: expected name:hash/)
  assert.equal(readFileSync(file, 'utf8'), `${before}bob\n`)
  writeFileSync(file, before)
})

test('comments, other users, a link, the rights of the file and its owner stay', async () => {
  const own = join(gateway.root, 'users')
  renameSync(file, own)
  symlinkSync(own, file)
  if (process.getuid?.() === 0) chownSync(own, 65_534, 65_534)
  const { uid, mode } = statSync(own)
  writeFileSync(own, `# mine\n${readFileSync(own, 'utf8')}`)
  await gateway.passwd('bob', 'sesame')
  assert.match(await gateway.holdfast('passwd', '--delete', 'ada'), /user ada is deleted/)
  assert.match(readFileSync(file, 'utf8'), /^# mine\nbob:\$scrypt\$\S+\n$/)
  assert.ok(lstatSync(file).isSymbolicLink())
  assert.deepEqual([statSync(own).uid, statSync(own).mode], [uid, mode])
})
