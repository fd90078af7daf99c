import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import {
  COMMANDS,
  completionOf,
  FLAGS,
  findCommand,
  type Command as GatewayCommand,
  helpFor,
  helpIndex,
  isJson,
  option,
  parameterLines,
  parseWords,
  render,
  type Written,
  word,
} from '../gateway/commands.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Command } from './cli.ts'
import { runningGateway } from './control.ts'
import { readPassword } from './password.ts'
import { dataDir, UsageError } from './usage.ts'

/** Options of ctl itself, wherever they stand. */
const CTL_OPTIONS = {
  ...FLAGS,
  data: option(word('a folder'), 'DIR', "The gateway's data folder (default: var of the clone)"),
}

export const ctl: Command = {
  summary: 'one command to the running gateway',
  help: `holdfast ctl <command> [options]

Runs one command in the gateway that holds the data folder, over its socket, and prints the result as a table.
\`holdfast ctl help <command>\` says more about one.

Options:
${parameterLines(CTL_OPTIONS)}

Commands:
${helpIndex(COMMANDS)}`,
  helpOn: (words) => (words.length === 0 ? ctl.help : helpFor(words, COMMANDS)),
  async complete([first, ...more]) {
    const words = first === 'help' ? more : [first!, ...more]
    const own = completionOf(words, [], { face: CTL_OPTIONS })
    try {
      return [...(await runningGateway(dataDir(undefined)).complete(words)), ...own]
    } catch {
      return [...completionOf(words, COMMANDS), ...own] // there is none running
    }
  },
  async run(args) {
    if (args[0] === 'help') {
      process.stdout.write(`${ctl.helpOn!(args.slice(1)).trim()}\n`)
      return 0
    }
    const { command, input, face } = parseWords(args, COMMANDS, CTL_OPTIONS)
    if (face.data === '') throw new UsageError('expected a folder behind --data')
    const gateway = runningGateway(dataDir(face.data as string | undefined))
    const given = await withFiles(command, input)
    const caller = { who: whoAmI(), from: 'ctl' }
    const preview = async (): Promise<string> =>
      (await gateway.preview(command.name, given, caller)) ?? 'It only reads.'
    if (face.dryRun) {
      process.stdout.write(`${await preview()}\n`)
      return 0
    }
    if (mustAsk(command, face) && !(await agreed(await preview()))) return 1
    for (const [key, { kind, label }] of Object.entries(command.parameters)) {
      if (kind === 'asked') given[key] = String(await readPassword(label))
    }
    const show = (text: string): unknown => process.stdout.write(text)
    const follow = async ({ name, follow }: GatewayCommand, values: Written, shown: boolean): Promise<void> => {
      for await (const item of gateway.follow(name, values, new AbortController().signal)) {
        if (shown) show(face.json ? `${JSON.stringify(item)}\n` : `${follow?.line(item as never)}\n`)
      }
    }
    if (face.follow) {
      await follow(command, given, true)
      return 0
    }
    const result = await gateway.run(command.name, given, caller)
    const width = process.stdout.isTTY ? { width: process.stdout.columns } : {}
    if (!face.json) show(render(result, { ...command, input, ...width }))
    if (command.goesOn !== undefined) await follow(findCommand([command.goesOn], COMMANDS), {}, !face.json)
    if (face.json) show(`${JSON.stringify(result)}\n`)
    return command.isBad?.(result as never) ? 1 : 0
  },
}

/** Reads the files that parameters name; a path that is the gateway's to use begins at the root. @throws HoldfastError NO_FILE */
async function withFiles({ parameters }: GatewayCommand, input: Written): Promise<Record<string, string | boolean>> {
  const read = { ...input }
  for (const [key, { fromFile, isPath }] of Object.entries(parameters)) {
    const path = input[key]
    if (isPath && typeof path === 'string' && path.includes('/')) read[key] = resolve(path)
    if (!fromFile || path === undefined || isJson(path)) continue
    try {
      read[key] = path === '-' ? await text(process.stdin) : readFileSync(String(path), 'utf8')
    } catch (cause) {
      throw new HoldfastError('NO_FILE', `${path} can't be read: ${(cause as Error).message}`, { cause })
    }
  }
  return read
}

/** A script is not asked: it meant what it says. */
function mustAsk({ asks }: GatewayCommand, { yes, json }: Written): boolean {
  return asks === true && !yes && !json && process.stdin.isTTY === true && process.stderr.isTTY === true
}

async function agreed(what: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`${what}\nGo on? [y/N] `)
  terminal.close()
  return /^(y|yes|j|ja)$/i.test(answer.trim())
}

/** The account, for the history: behind sudo the one who called it. */
function whoAmI(): string {
  if (process.env.SUDO_USER) return process.env.SUDO_USER
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.()}` // a user that the machine has no name for
  }
}
