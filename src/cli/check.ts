import { checkConfig } from '../gateway/load.ts'
import type { Command } from './cli.ts'
import { etcDir, parse } from './usage.ts'

export const check: Command = {
  summary: 'list every fault of the configuration',
  help: `holdfast check [--etc DIR]

Reads holdfast.conf, loaded_plugins, every plugins/emqx_backend_*.conf, loaded or not, the users and the access rules,
and lists all faults of all files in one go, each as file:line:column: message (hint). Warnings are listed too.
Exit code 0 when there is no fault, 1 otherwise.`,
  async run(args) {
    const { values } = parse({ args, options: { etc: { type: 'string' } } })
    const { text, errors, warnings } = checkConfig(etcDir(values.etc))
    process.stdout.write(text)
    process.stdout.write(
      `${errors} ${errors === 1 ? 'fault' : 'faults'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}\n`,
    )
    return errors === 0 ? 0 : 1
  },
}
