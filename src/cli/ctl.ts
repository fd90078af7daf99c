import { COMMAND_HELP } from '../gateway/commands.ts'
import type { Command } from './cli.ts'
import { control } from './control.ts'
import { render } from './render.ts'
import { dataDir, parse, UsageError } from './usage.ts'

export const ctl: Command = {
  summary: 'one command to the running gateway',
  help: `holdfast ctl <command> [--json] [--data DIR]

Runs one command in the gateway that holds the data folder, over its socket, and prints the result:
a table, or with --json as JSON.

Commands:
${COMMAND_HELP}`,
  async run(args) {
    const { values, positionals, tokens } = parse({
      args,
      options: { json: { type: 'boolean' }, data: { type: 'string' } },
      allowPositionals: true,
      strict: false,
      tokens: true,
    })
    if (values.data === true) throw new UsageError('expected a folder behind --data')
    if (positionals.length === 0) throw new UsageError('which command?')
    // what is not ours (--to, --since, …) belongs to the command, in its place
    const words = tokens.flatMap((token) => {
      if (token.kind === 'positional') return [token.value]
      if (token.kind !== 'option' || token.name === 'json' || token.name === 'data') return []
      return token.value === undefined ? [token.rawName] : [token.rawName, token.value]
    })
    const result = await control(dataDir(values.data as string | undefined), words)
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : render(result))
    return 0
  },
}
