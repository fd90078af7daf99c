import { hashOfOperator, operatorsFile } from '../gateway/operators.ts'
import { COSTS, DEFAULT_COST, UsersFile } from '../gateway/users.ts'
import type { Command } from './cli.ts'
import { readPassword } from './password.ts'
import { etcDir, parse, UsageError } from './usage.ts'

export const passwd: Command = {
  summary: 'add a user, change a password',
  help: `holdfast passwd NAME [--cost N] [--operator] [--etc DIR]
holdfast passwd --delete NAME [--operator]
holdfast passwd --list [--operator]

Adds a user who may connect, or sets another password for one. The password is asked for at the terminal, or read from
the first line of stdin:  echo secret | holdfast passwd NAME
The file is that of auth.file in holdfast.conf; it holds hashes only, and only its owner may read it.
A running gateway takes it up at \`holdfast ctl reload\`: clients whose user is gone or has another password are
disconnected, all others stay. As soon as there is a user, clients without a name are let in no more (auth.anonymous).

--operator  not a user who may connect, but one who may log in to the page and the console; it counts at once. So
            another password is set where the only one is forgotten
--cost    how hard a hash is to guess, ${COSTS.min} to ${COSTS.max} (default: ${DEFAULT_COST}); one more doubles time and memory of each check
--delete  takes the user away
--list    prints the names`,
  async run(args) {
    const { values, positionals } = parse({
      args,
      options: {
        cost: { type: 'string' },
        delete: { type: 'string' },
        list: { type: 'boolean' },
        operator: { type: 'boolean' },
        etc: { type: 'string' },
      },
      allowPositionals: true,
    })
    const asked = [values.list, values.delete !== undefined, positionals.length > 0].filter(Boolean).length
    if (asked !== 1 || positionals.length > 1) throw new UsageError('expected one of NAME, --delete NAME and --list')
    const cost = costOf(values.cost)
    const etc = etcDir(values.etc)
    const file = values.operator ? operatorsFile(etc) : UsersFile.ofClients(etc)
    const [kind, counts] = values.operator ? ['operator', AT_ONCE] : ['user', AT_RELOAD]
    if (values.list) {
      for (const name of file.users().keys()) process.stdout.write(`${name}\n`)
      return 0
    }
    if (values.delete !== undefined) {
      file.delete(values.delete)
      process.stdout.write(`${kind} ${values.delete} is deleted${counts}\n`)
      return 0
    }
    const name = positionals[0]!
    file.assertName(name)
    const password = await readPassword(`password of ${name}`)
    const isNew = values.operator
      ? file.setHash(name, await hashOfOperator(name, password.toString()))
      : await file.set(name, password, cost)
    process.stdout.write(`${kind} ${name} ${isNew ? 'is added' : 'has a new password'}${counts}\n`)
    return 0
  },
}

function costOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_COST
  const cost = Number(text)
  if (!/^\d+$/.test(text) || cost < COSTS.min || cost > COSTS.max) {
    throw new UsageError(`expected a whole number from ${COSTS.min} to ${COSTS.max} behind --cost, not '${text}'`)
  }
  return cost
}

const AT_ONCE = ''
const AT_RELOAD = '; a running gateway takes it up at: holdfast ctl reload'
