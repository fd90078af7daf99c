import { applySchema, printSchema } from '../gateway/schema.ts'
import { BACKEND_KINDS } from '../model/binding.ts'
import type { Command } from './cli.ts'
import { dataDir, etcDir, parse, UsageError } from './usage.ts'

export const schema: Command = {
  summary: "print or apply a backend's tables",
  help: `holdfast schema <kind> [--apply --pool NAME] [--etc DIR] [--data DIR]

Prints the DDL of a backend (pgsql, sqlite, dynamo, …). With --apply it is run on the pool NAME of
plugins/emqx_backend_<kind>.conf; it may be repeated, what is there stays.`,
  complete: async (words) => (words.length === 1 ? BACKEND_KINDS.map((word) => ({ word })) : []),
  async run(args) {
    const { values, positionals } = parse({
      args,
      options: {
        apply: { type: 'boolean' },
        pool: { type: 'string' },
        etc: { type: 'string' },
        data: { type: 'string' },
      },
      allowPositionals: true,
    })
    const [kind, ...more] = positionals
    if (kind === undefined) throw new UsageError('which backend? e.g. holdfast schema pgsql')
    if (more.length > 0) throw new UsageError(`expected one backend, not ${positionals.length}`)
    if (!values.apply) {
      if (values.pool !== undefined) throw new UsageError('--pool goes with --apply')
      process.stdout.write(await printSchema(kind))
      return 0
    }
    if (values.pool === undefined)
      throw new UsageError('--apply needs --pool NAME, the pool whose server gets the tables')
    await applySchema({
      kind,
      pool: values.pool,
      etcDir: etcDir(values.etc, values.data),
      dataDir: dataDir(values.data),
      say: (sentence) => process.stdout.write(`${sentence}\n`),
    })
    process.stdout.write(`the tables of ${kind} are there in pool ${values.pool}\n`)
    return 0
  },
}
