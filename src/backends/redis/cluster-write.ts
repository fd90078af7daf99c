// A batch for a cluster. Keys lie on several nodes, and no transaction spans them: each key gets what the batch has for it
// in one call of batch.lua, in order. All of it may be done again but custom statements and messages on the channel.

import type { Operation } from '../../model/operation.ts'
import type { Argument } from './commands.ts'
import type { Connection } from './connection.ts'
import { backendError } from './errors.ts'
import { type Rules, render } from './render.ts'
import { onceCommands } from './write.ts'

interface OfKey {
  readonly arguments: Argument[]
  readonly operations: number[]
}

/** Rejects with a BackendError, with an unknown part done. */
export async function writeToCluster(
  connection: Connection,
  operations: readonly Operation[],
  rules: Rules,
): Promise<void> {
  let stages = new Stages()
  for (const [index, { write }] of operations.entries()) {
    try {
      const once = onceCommands(write, rules)
      if (!once) {
        render(write, rules, (key, letter, ...values) => stages.add(index, key, [letter, ...values]))
        continue
      }
      await stages.run(connection)
      stages = new Stages()
      for (const command of once) await connection.run(command)
    } catch (error) {
      throw backendError(error, index)
    }
  }
  await stages.run(connection)
}

/** A message is there before the index names it: a reader forgets an index's message that is not there. */
class Stages {
  readonly #messages = new Map<string, OfKey>()
  readonly #others = new Map<string, OfKey>()

  add(operation: number, key: string, record: readonly Argument[]): void {
    const stage = record[0] === 'H' || record[0] === 'U' ? this.#messages : this.#others
    let found = stage.get(key)
    if (!found) {
      found = { arguments: [], operations: [] }
      stage.set(key, found)
    }
    found.arguments.push(...record)
    found.operations.push(operation)
  }

  async run(connection: Connection): Promise<void> {
    for (const stage of [this.#messages, this.#others]) {
      const answers = await Promise.allSettled(
        Array.from(stage, ([key, { arguments: records }]) => connection.driver.batch(1, key, '0', ...records)),
      )
      for (const answer of answers) if (answer.status === 'rejected') throw backendError(answer.reason)
      const refused = [...stage.values()].flatMap(({ operations }, index) => {
        const answer = (answers[index] as PromiseFulfilledResult<[string, number, string] | null>).value
        return answer ? [{ operation: operations[answer[1]]!, message: answer[2] }] : []
      })
      const first = refused.sort((a, b) => a.operation - b.operation)[0]
      if (first) throw backendError(first, first.operation)
    }
  }
}
