// `trend`: what the plots show.

import { SPANS } from '../trend.ts'
import { command } from './command.ts'
import { choiceOf, required } from './parameter.ts'
import { integer, listOf, number, orNull, record } from './schema.ts'

const series = (description: string) => listOf(orNull(number()), description)

const trend = command('trend', {
  summary: 'rates, lag and free disk over the last hour or day',
  help: 'A point each 10 seconds of the hour, each 5 minutes of the day, oldest first; null while the gateway did not run.',
  parameters: { span: required(choiceOf(...SPANS), 'hour|day', 'How far back') },
  result: record({
    stepMs: integer('between two points'),
    agoMs: integer('since the last point'),
    received: series('PUBLISHes a second'),
    delivered: series('messages to subscribers a second'),
    forwarded: series('events to databases a second'),
    lagEvents: series('most that waited for one pool'),
    lagSeconds: series('since the oldest that waited'),
    freeBytes: series('least free on the disk'),
  }),
  run: ({ trend }, { span }) => trend.of(span, performance.now()),
})

export const TREND_COMMANDS = [trend]
