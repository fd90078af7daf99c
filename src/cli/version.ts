import { VERSION } from '../gateway/version.ts'
import type { Command } from './cli.ts'
import { parse } from './usage.ts'

export const version: Command = {
  summary: 'print the version',
  help: 'holdfast version\n\nPrints the version of Holdfast and of its runtime.',
  async run(args) {
    parse({ args, options: {} })
    process.stdout.write(`holdfast ${VERSION} (node ${process.versions.node})\n`)
    return 0
  },
}
