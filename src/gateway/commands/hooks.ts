// `hook try`: what hooks would make of an event, those of the candidate or others. Nothing is run, and nothing is kept.

import { join } from 'node:path'
import { plan } from '../../actions/actions.ts'
import type { LoadedPlugin } from '../../config/load.ts'
import { describeOperation } from '../../forward/describe.ts'
import { BACKEND_KINDS, type BackendKind } from '../../model/binding.ts'
import { HoldfastError } from '../../model/errors.ts'
import { type EventMore, HOOKS, type HookEvent, type HookName, type Qos } from '../../model/event.ts'
import { EventId } from '../../model/event-id.ts'
import { topicMatches } from '../../model/topic.ts'
import type { Files } from '../config/files.ts'
import type { ConfigTransaction } from '../config/transaction.ts'
import { ConfigFaults } from '../load.ts'
import { command } from './command.ts'
import { isJson, optional, requiredOption, word } from './parameter.ts'
import { flag, integer, listOf, oneOf, orNull, record, text } from './schema.ts'

const EXAMPLE = 'backend.pgsql.hook.message.publish.1 = {…}'
const FIELDS = ['hook', 'clientid', 'topic', 'payload', 'qos', 'retain'] as const
const MORE = ['username', 'peerhost', 'clean', 'keepalive', 'reason', 'msgid', 'from', 'position'] as const

const tried = command('hook try', {
  summary: 'what the hooks would make of an event; nothing is run',
  help: `The event is JSON, such as {"hook": "message.publish", "clientid": "c1", "topic": "a/b", "payload": "21", "qos": 1}; a payload
that is no text is given as JSON. Without HOOKS they are those of the candidate, also of plugins that are not loaded. HOOKS is a plugin's file, or lines
of one with hooks alone, or what stands behind the = of one hook, as {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}: its
pool is one of the candidate then.`,
  parameters: {
    hooks: optional(word('hooks'), 'HOOKS', "A plugin's file, or one hook as JSON; - for lines that are typed", {
      fromFile: true,
    }),
    event: requiredOption(word('an event as JSON'), 'JSON', 'The event'),
  },
  result: listOf(
    record({
      hook: oneOf(HOOKS),
      order: integer('among the actions of the hook'),
      pool: text(),
      loaded: flag('does its plugin run?'),
      action: text('a function, or statements'),
      write: orNull(text('what the database would get; null: nothing')),
    }),
  ),
  async run({ config, node, clock }, input) {
    const event = { ...readEvent(input.event), seq: 1, at: clock.now(), trusted: clock.trusted() }
    const whole: HookEvent = { ...event, id: new EventId(event.at * 1000, 0, 1) }
    const plugins =
      input.hooks === undefined ? (await config.plan()).next.plugins : [await pluginOf(input.hooks, event, config)]
    return plugins.flatMap(({ bindings, loaded }) =>
      bindings
        .filter(({ hook, topic }) => hook === event.hook && (topic === undefined || topicMatches(topic, event.topic)))
        .map((binding) => {
          const { hook, order, pool, action } = binding
          const write = plan(whole, binding, { node })
          return {
            ...{ hook, order, pool, loaded, write: write && describeOperation(write) },
            action: 'function' in action ? action.function : `${action.statements.length} statements`,
          }
        }),
    )
  },
})

export const HOOK_COMMANDS = [tried]

/** The candidate's plugin, with these hooks instead of its own. @throws HoldfastError USAGE; ConfigFaults */
async function pluginOf(
  hooks: string,
  { hook }: Pick<HookEvent, 'hook'>,
  config: ConfigTransaction,
): Promise<LoadedPlugin> {
  const { files } = config.editor
  const isOne = isJson(hooks)
  const kind = isOne ? kindOf(String(objectOf(hooks).pool), files) : /^\s*backend\.(\w+)\./m.exec(hooks)?.[1]
  if (!BACKEND_KINDS.includes(kind as BackendKind))
    throw wrong(`expected lines such as ${EXAMPLE}, or what stands behind the =`)
  const name = `plugins/emqx_backend_${kind}.conf`
  const isHook = new RegExp(`^\\s*backend\\.${kind}\\.hook\\.`)
  const lines = isOne ? [`backend.${kind}.hook.${hook}.1 = ${JSON.stringify(objectOf(hooks))}`] : hooks.split('\n')
  const isWhole = lines.some((line) => /^\s*backend\./.test(line) && !isHook.test(line))
  const others = isWhole ? [] : `${files.get(name) ?? ''}`.split('\n').filter((line) => !isHook.test(line))
  const { next } = await config.plan(new Map(files).set(name, Buffer.from([...lines, ...others].join('\n'))))
  const faults = next.faults.filter(({ file, severity }) => severity === 'error' && file === join(next.etcDir, name))
  if (faults.length > 0) throw new ConfigFaults(faults).whileRunning()
  return next.plugins.find((plugin) => plugin.kind === kind)!
}

/** Of the plugin that has this pool. */
function kindOf(pool: string, files: Files): string {
  const [found] = [...files].flatMap(([name, content]) => {
    const kind = /^plugins\/emqx_backend_(\w+)\.conf$/.exec(name)?.[1]
    return kind !== undefined && `\n${content}`.includes(`\nbackend.${kind}.${pool}.`) ? [kind] : []
  })
  if (found === undefined) throw wrong(`no plugin of the candidate has a pool '${pool}'`)
  return found
}

/** @throws HoldfastError USAGE that names what is wrong */
function readEvent(written: string): Omit<HookEvent, 'seq' | 'id' | 'at' | 'trusted'> {
  const given = objectOf(written)
  const known: readonly string[] = [...FIELDS, ...MORE]
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown !== undefined) throw wrong(`'${unknown}' is no field of an event; there are ${known.join(', ')}`)
  const { hook, clientid = '', topic = '', payload, qos, retain } = given
  if (!HOOKS.includes(hook as HookName)) throw wrong(`hook: expected one of ${HOOKS.join(', ')}`)
  if (typeof clientid !== 'string' || typeof topic !== 'string') throw wrong('clientid, topic: expected texts')
  if (qos !== undefined && qos !== 0 && qos !== 1 && qos !== 2) throw wrong('qos: expected 0, 1 or 2')
  if (retain !== undefined && typeof retain !== 'boolean') throw wrong('retain: expected true or false')
  const more = Object.fromEntries(Object.entries(given).filter(([key]) => (MORE as readonly string[]).includes(key)))
  const bytes = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return {
    ...{ hook: hook as HookName, clientid, topic, more: more as EventMore },
    ...(bytes !== undefined && { payload: Buffer.from(bytes) }),
    ...(qos !== undefined && { qos: qos as Qos }),
    ...(retain !== undefined && { retain }),
  }
}

function objectOf(written: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(written)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (error) {
    throw wrong(`no JSON: ${(error as Error).message}`)
  }
  throw wrong('expected a JSON object')
}

const wrong = (message: string): HoldfastError =>
  new HoldfastError('USAGE', message, { hint: '`help hook try` has an example' })
