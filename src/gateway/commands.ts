// The commands that a person or a program may give a running gateway: the same on every face.

import { ACCESS_COMMANDS } from './commands/access.ts'
import { ACL_COMMANDS } from './commands/acl.ts'
import { BACKUP_COMMANDS } from './commands/backup.ts'
import { CLIENT_COMMANDS } from './commands/clients.ts'
import type { Caller, Command } from './commands/command.ts'
import { completionOf } from './commands/completion.ts'
import { CONFIG_COMMANDS } from './commands/config.ts'
import { DEAD_LETTER_COMMANDS } from './commands/dead-letters.ts'
import { HOOK_COMMANDS } from './commands/hooks.ts'
import { LANE_COMMANDS } from './commands/lanes.ts'
import { LOG_COMMANDS } from './commands/log.ts'
import { MACHINE_COMMANDS } from './commands/machine.ts'
import { MESSAGE_COMMANDS } from './commands/messages.ts'
import { OPERATOR_COMMANDS } from './commands/operators.ts'
import type { Candidate, Input, Parameters } from './commands/parameter.ts'
import { PLUGIN_COMMANDS } from './commands/plugins.ts'
import { STATUS_COMMANDS } from './commands/status.ts'
import { TOPIC_COMMANDS } from './commands/topics.ts'
import { TREND_COMMANDS } from './commands/trend.ts'
import { UPDATE_COMMANDS } from './commands/update.ts'
import { USER_COMMANDS } from './commands/users.ts'
import { findCommand, readInput, usageError } from './commands/words.ts'
import type { Gateway } from './gateway.ts'

export type { Caller, Column, Command, Spoken } from './commands/command.ts'
export { completionOf } from './commands/completion.ts'
export { helpFor, helpIndex, parameterLines } from './commands/help.ts'
export {
  type Candidate,
  isJson,
  onOff,
  option,
  optional,
  type Parameters,
  required,
  word,
} from './commands/parameter.ts'
export { render } from './commands/render.ts'
export { FLAGS, findCommand, inputSchema, parseWords, usageOf, type Written } from './commands/words.ts'

export const COMMANDS: readonly Command[] = [
  ...STATUS_COMMANDS,
  ...CONFIG_COMMANDS,
  ...TREND_COMMANDS,
  ...PLUGIN_COMMANDS,
  ...LANE_COMMANDS,
  ...DEAD_LETTER_COMMANDS,
  ...HOOK_COMMANDS,
  ...ACCESS_COMMANDS,
  ...USER_COMMANDS,
  ...ACL_COMMANDS,
  ...OPERATOR_COMMANDS,
  ...CLIENT_COMMANDS,
  ...TOPIC_COMMANDS,
  ...MESSAGE_COMMANDS,
  ...LOG_COMMANDS,
  ...BACKUP_COMMANDS,
  ...MACHINE_COMMANDS,
  ...UPDATE_COMMANDS,
]

type Values = Readonly<Record<string, unknown>>

export interface Commands {
  /**
   * @param input the values by parameter: texts as written, or JSON
   * @throws HoldfastError, USAGE for an input that is not what the command declares
   */
  run(name: string, input: Values, caller: Caller): Promise<unknown>
  /** What it will do, as a sentence; null: it changes nothing. Secrets may be absent. @throws as `run` */
  preview(name: string, input: Values, caller: Caller): Promise<string | null>
  /** The items of its result and those that come after, until the signal ends it. @throws as `run`, and USAGE where nothing follows */
  follow(name: string, input: Values, signal: AbortSignal): AsyncIterable<unknown>
  /** What may stand in the place of the last word, which may be ''. */
  complete(words: readonly string[]): readonly Candidate[]
}

export function commandsOf(gateway: Gateway): Commands {
  const prepared = (name: string, written: Values, isPreview = false): [Command, Input<Parameters>] => {
    const command = findCommand([name], COMMANDS)
    return [command, readInput(command, written, isPreview) as Input<Parameters>]
  }
  return {
    async run(name, written, caller) {
      const [command, input] = prepared(name, written)
      return (await command.run(gateway, input, caller)) ?? { done: true }
    },
    async preview(name, written, caller) {
      const [command, input] = prepared(name, written, true)
      return (await command.will?.(gateway, input, caller)) ?? null
    },
    follow(name, written, signal) {
      const [command, input] = prepared(name, written)
      if (command.follow) return command.follow.items(gateway, input, signal)
      throw usageError(`nothing follows '${name}'`, command)
    },
    complete: (words) => completionOf(words, COMMANDS, { gateway }),
  }
}
