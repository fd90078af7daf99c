import { render } from '../gateway/commands/render.ts'
import { versions } from '../gateway/version.ts'
import type { Command } from './cli.ts'
import { parse } from './usage.ts'

export const version: Command = {
  summary: 'print the version, also of what carries it',
  help: 'holdfast version\n\nPrints the version of Holdfast, the commit, what it was built for, and the versions of what carries it.',
  async run(args) {
    parse({ args, options: {} })
    process.stdout.write(render(versions()))
    return 0
  },
}
