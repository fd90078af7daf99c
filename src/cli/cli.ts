// The command line: words → a command of this room. Exit codes: 0, 1 faults in what was asked or configured, 2 usage, 70 internal.

import type { Candidate } from '../gateway/commands.ts'
import type { Face } from '../gateway/face.ts'
import { ConfigFaults } from '../gateway/gateway.ts'
import { HoldfastError } from '../model/errors.ts'
import { check } from './check.ts'
import { asking, completion } from './completion.ts'
import { lineConsole } from './console.ts'
import { ctl } from './ctl.ts'
import { passwd } from './passwd.ts'
import { run } from './run.ts'
import { schema } from './schema.ts'
import { selftest } from './selftest.ts'
import { UsageError } from './usage.ts'
import { version } from './version.ts'

/** One word of `holdfast <word>`. */
export interface Command {
  readonly summary: string
  /** Shown by `--help`; the first paragraph is the call. */
  readonly help: string
  /** Help on these words behind the command's. */
  helpOn?(words: readonly string[]): string
  /** What may stand in the place of the last of the words behind the command's. */
  complete?(words: readonly string[]): Promise<readonly Candidate[]>
  /** @param faces of a gateway that it starts. @returns the exit code */
  run(args: string[], faces: readonly Face[]): Promise<number>
}

const COMMANDS: Readonly<Record<string, Command>> = {
  run,
  check,
  passwd,
  schema,
  ctl,
  console: lineConsole,
  selftest,
  completion,
  version,
}

const HELP = `holdfast <command> [options]

An edge gateway: an MQTT broker whose acknowledged messages reach databases exactly once, in order.

Commands:
${Object.entries(COMMANDS)
  .map(([name, command]) => `  ${name.padEnd(10)} ${command.summary}`)
  .join('\n')}

\`holdfast <command> --help\` says more. Environment: HOLDFAST_ETC and HOLDFAST_DATA, where --etc and --data are not given.
`

/** What a running gateway says of words that make no sense. */
const USAGE: ReadonlySet<string> = new Set(['USAGE', 'UNKNOWN_COMMAND'])

/** @param argv the words behind the program's name. @returns the exit code */
export async function main(argv: string[], faces: readonly Face[] = []): Promise<number> {
  const [name, ...args] = argv
  // who reads what is printed may go away; a gateway goes on
  process.stdout.on('error', () => name !== 'run' && process.exit(1))
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP)
    return name === undefined ? 2 : 0
  }
  process.stdout.once('error', () => process.exit(1)) // whoever reads has enough
  if (name === 'complete') return complete(args)
  const command = COMMANDS[name === '--version' ? 'version' : name]
  if (!command) {
    process.stderr.write(`holdfast: there is no command '${name}'\n\n${HELP}`)
    return 2
  }
  try {
    if (args.includes('--help') || args.includes('-h')) {
      const words = args.filter((word) => !word.startsWith('-'))
      process.stdout.write(`${(command.helpOn?.(words) ?? command.help).trim()}\n`)
      return 0
    }
    return await command.run(args, faces)
  } catch (error) {
    return report(error, name)
  }
}

/** For the scripts of `holdfast completion`: a candidate a line. */
async function complete(args: string[]): Promise<number> {
  const { words, answer } = asking(args)
  const [name = '', ...more] = words
  const found = more.length > 0 ? await behind(COMMANDS[name], more) : Object.entries(COMMANDS).map(asCandidate)
  const partial = words.at(-1) ?? ''
  const lines = found.filter(({ word }) => word.startsWith(partial)).map(answer)
  process.stdout.write(lines.map((line) => (line === undefined ? '' : `${line}\n`)).join(''))
  return 0
}

const asCandidate = ([word, { summary }]: [string, Command]): Candidate => ({ word, doc: summary })

/** What the command has to offer, and the options of its call, which its help begins with. */
async function behind(command: Command | undefined, words: readonly string[]): Promise<Candidate[]> {
  if (!command) return []
  const [call] = command.help.split('\n\n')
  const options = words.at(-1) === '' ? [] : (call!.match(/--[a-z]+/g) ?? [])
  return [...((await command.complete?.(words)) ?? []), ...[...new Set(options)].map((word) => ({ word }))]
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
