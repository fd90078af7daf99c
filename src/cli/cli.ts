// The command line: words → a command of this room. Exit codes: 0, 1 faults in what was asked or configured, 2 usage, 70 internal.

import { ConfigFaults } from '../gateway/gateway.ts'
import { HoldfastError } from '../model/errors.ts'
import { check } from './check.ts'
import { ctl } from './ctl.ts'
import { passwd } from './passwd.ts'
import { run } from './run.ts'
import { schema } from './schema.ts'
import { UsageError } from './usage.ts'
import { version } from './version.ts'

/** One word of `holdfast <word>`. */
export interface Command {
  readonly summary: string
  /** Shown by `--help`; the first line is the call. */
  readonly help: string
  /** @returns the exit code */
  run(args: string[]): Promise<number>
}

const COMMANDS: Readonly<Record<string, Command>> = { run, check, passwd, schema, ctl, version }

const HELP = `holdfast <command> [options]

An edge gateway: an MQTT broker whose acknowledged messages reach databases exactly once, in order.

Commands:
${Object.entries(COMMANDS)
  .map(([name, command]) => `  ${name.padEnd(9)} ${command.summary}`)
  .join('\n')}

\`holdfast <command> --help\` says more. Environment: HOLDFAST_ETC and HOLDFAST_DATA, where --etc and --data are not given.
`

/** What a running gateway says of words that make no sense. */
const USAGE: ReadonlySet<string> = new Set(['USAGE', 'UNKNOWN_COMMAND'])

/** @param argv the words behind the program's name. @returns the exit code */
export async function main(argv: string[]): Promise<number> {
  const [name, ...args] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP)
    return name === undefined ? 2 : 0
  }
  const command = COMMANDS[name === '--version' ? 'version' : name]
  if (!command) {
    process.stderr.write(`holdfast: there is no command '${name}'\n\n${HELP}`)
    return 2
  }
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${command.help.trim()}\n`)
    return 0
  }
  try {
    return await command.run(args)
  } catch (error) {
    return report(error, name)
  }
}

function report(error: unknown, name: string): number {
  if (error instanceof ConfigFaults) process.stderr.write(error.text)
  if (error instanceof UsageError) {
    process.stderr.write(`holdfast ${name}: ${error.message}\nhint: holdfast ${name} --help\n`)
    return 2
  }
  if (error instanceof HoldfastError) {
    process.stderr.write(`holdfast ${name}: ${error.message}\n${error.hint ? `hint: ${error.hint}\n` : ''}`)
    return USAGE.has(error.code) ? 2 : 1
  }
  process.stderr.write(`holdfast ${name}: internal error: ${error instanceof Error ? error.stack : String(error)}\n`)
  return 70
}
