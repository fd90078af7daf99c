// Dockerfile.arm64 without a container engine: its steps are carried out in a root of Debian, and what comes of it runs as an engine
// would run it, with nothing to write to but its volume and /tmp. `npm run test-deb`

import assert from 'node:assert/strict'
import { chmodSync, chownSync, copyFileSync, cpSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DockerfileParser, type ModifiableInstruction } from 'dockerfile-ast'
import { ROOT } from '../../scripts/build.d/place.ts'
import { until } from '../helpers/gateway.ts'
import { temporaryFolder } from '../helpers/journal.ts'
import { DebianMachine, debianRoot, systemMissing } from './debian.ts'

const DOCKERFILE = 'Dockerfile.arm64'
const BASE = 'debian:bookworm-slim'
const PATIENCE_MS = 120_000
/** What the rest of this file knows to do with. */
const KNOWN = ['CMD', 'ENTRYPOINT', 'EXPOSE', 'HEALTHCHECK', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR']

const skip = systemMissing()

/** Keyword → what stands behind it, of the steps that only say something of the image. */
type Said = Map<string, string>

/** Carries out the steps in `root`. */
async function build(t: TestContext, root: string): Promise<Said> {
  const said: Said = new Map()
  for (const step of DockerfileParser.parse(readFileSync(join(ROOT, DOCKERFILE), 'utf8')).getInstructions()) {
    const [keyword, content] = [step.getKeyword(), step.getArgumentsContent()!]
    if (keyword === 'RUN') {
      const shell = await DebianMachine.start(t, root, ['/bin/sh', '-c', content])
      assert.equal(await shell.ended(), 0, shell.output)
    } else if (keyword === 'COPY') {
      copy(step as ModifiableInstruction, root)
    } else if (keyword === 'FROM') {
      assert.equal(content, BASE)
      debianRoot('arm64', root)
    } else {
      said.set(keyword, content)
    }
  }
  return said
}

function copy(step: ModifiableInstruction, root: string): void {
  const [from, to] = step.getArguments().map((word) => word.getValue())
  const [flag] = step.getFlags()
  assert.equal(flag?.getName(), 'chmod')
  copyFileSync(join(ROOT, from!), join(root, to!))
  chmodSync(join(root, to!), Number.parseInt(flag!.getValue()!, 8))
}

test(`${DOCKERFILE}: built, run, and run anew on the same volume`, { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const [root, volume] = [join(folder, 'image'), join(folder, 'volume')]
  const said = await build(t, root)
  assert.deepEqual([...said.keys()].sort(), KNOWN)
  const place = said.get('VOLUME')!
  const [uid, gid] = said.get('USER')!.split(':')
  const asUser = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs']
  const health = JSON.parse(/^CMD (\[.*\])$/.exec(said.get('HEALTHCHECK')!)![1]!) as string[]
  const command = ['ENTRYPOINT', 'CMD'].flatMap((keyword) => JSON.parse(said.get(keyword)!) as string[])
  cpSync(join(root, place), volume, { recursive: true }) // as an engine fills a new volume,
  chownSync(volume, Number(uid), Number(gid)) // its owner included
  assert.equal(statSync(join(root, place)).uid, Number(uid))

  for (const payloads of [['first'], ['first', 'second']]) {
    const writable = [`--bind=${volume}:${place}`, '--tmpfs=/tmp:mode=1777', '--tmpfs=/dev/shm:mode=1777,noexec']
    const words = ['--read-only', ...writable, `--chdir=${said.get('WORKDIR')}`, ...asUser, ...command]
    const machine = await DebianMachine.start(t, root, words)
    await until('it runs', () => machine.output.includes('Holdfast is running'), PATIENCE_MS).catch(() => {
      assert.fail(machine.output)
    })
    machine.beside('mosquitto_pub', '-q', '1', '-t', 'hello', '-m', payloads.at(-1)!)
    const messages = JSON.parse(machine.run(...asUser, 'holdfast', 'ctl', 'messages', 'hello', '--json'))
    assert.deepEqual(
      messages.map(({ payload }: { payload: string }) => payload),
      payloads,
    )
    assert.match(machine.run(...asUser, ...health), /^Holdfast .* up for /)
    assert.equal(await machine.stop(said.get('STOPSIGNAL') as NodeJS.Signals), 0, machine.output)
  }
})
