// `hook try`: what the hooks of the candidate would make of an event. Nothing is run, and nothing is kept.

import { plan } from '../../actions/actions.ts'
import { describeOperation } from '../../forward/describe.ts'
import { HoldfastError } from '../../model/errors.ts'
import { type EventMore, HOOKS, type HookEvent, type HookName, type Qos } from '../../model/event.ts'
import { EventId } from '../../model/event-id.ts'
import { topicMatches } from '../../model/topic.ts'
import { command } from './command.ts'
import { required, word } from './parameter.ts'
import { flag, integer, listOf, oneOf, orNull, record, text } from './schema.ts'

const FIELDS = ['hook', 'clientid', 'topic', 'payload', 'qos', 'retain'] as const
const MORE = ['username', 'peerhost', 'clean', 'keepalive', 'reason', 'msgid', 'from', 'position'] as const

const tried = command('hook try', {
  summary: 'what the hooks would make of an event; nothing is run',
  help: `EVENT is JSON, such as {"hook": "message.publish", "clientid": "c1", "topic": "a/b", "payload": "21", "qos": 1}; a payload
that is no text is given as JSON. The hooks are those of the candidate, also of plugins that are not loaded.`,
  parameters: { event: required(word('an event as JSON'), 'EVENT', 'The event, as JSON', { rest: true }) },
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
    const { next } = await config.plan()
    return next.plugins.flatMap(({ bindings, loaded }) =>
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
    throw wrong(`the event is no JSON: ${(error as Error).message}`)
  }
  throw wrong('expected a JSON object')
}

const wrong = (message: string): HoldfastError =>
  new HoldfastError('USAGE', message, { hint: '`help hook try` has an example' })
