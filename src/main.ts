#!/usr/bin/env node
import { main } from './cli/cli.ts'
import type { Face } from './gateway/face.ts'

/** The faces of a running gateway beside `ctl`; what they are made of is loaded when the configuration wants them. */
const FACES: readonly Face[] = [
  async (gateway) => (await import('./web/web.ts')).startWeb(gateway),
  async (gateway) => (await import('./console/face.ts')).serialConsole(gateway),
]

main(process.argv.slice(2), FACES).then((code) => {
  process.exitCode = code
})
