// `log …`: the newest lines, and how much is written.

import { LOG_LEVELS, type LogLevel, prettyLine } from '../../log/logger.ts'
import { isAtLeast, type LogLine } from '../../log/ring.ts'
import { command } from './command.ts'
import { following } from './following.ts'
import { choiceOf, option, optional, wholeNumber } from './parameter.ts'
import { anything, type Described, listOf, mapOf, oneOf, record, text, time } from './schema.ts'

const DEFAULT_LINES = 50
const ALL: LogLevel = 'trace'

const LINE = record({
  time: time(),
  level: oneOf(LOG_LEVELS),
  message: text('fixed words'),
  fields: mapOf(anything(), 'what it is about'),
})

const shown = ({ time, level, message, fields }: Described<typeof LINE>): string =>
  prettyLine(JSON.stringify({ time, level, msg: message, ...fields })).trimEnd()

const tail = command('log tail', {
  summary: 'the newest lines of the log',
  help: 'As many as `log.buffer` has room for, since the start. --follow goes on with what comes.',
  parameters: {
    lines: option(wholeNumber({ min: 1 }), 'N', `At most so many (${DEFAULT_LINES})`, { short: 'n' }),
    level: option(choiceOf(...LOG_LEVELS), 'LEVEL', 'Only lines of this level and those above it'),
  },
  result: listOf(LINE),
  did: (lines) => lines.map(shown).join('\n') || 'nothing yet',
  run: ({ logRing }, { lines = DEFAULT_LINES, level = ALL }) => logRing.tail(lines, level),
  follow: {
    items: ({ logRing }, { lines = DEFAULT_LINES, level = ALL }, signal) =>
      following<LogLine>(
        () => logRing.tail(lines, level),
        (take) => logRing.follow((line) => isAtLeast(line.level, level) && take(line)),
        signal,
      ),
    line: shown,
  },
})

const level = command('log level', {
  summary: 'how much is logged; with LEVEL from now on',
  help: `Until the next start, or until a commit changes log.level. One of ${LOG_LEVELS.join(', ')}.`,
  parameters: { level: optional(choiceOf(...LOG_LEVELS), 'LEVEL', 'How much from now on') },
  result: record({ level: oneOf(LOG_LEVELS) }),
  will: (_, { level }) =>
    level === undefined ? 'Changes nothing: says the level.' : `Logs ${level} and above until the next start.`,
  run({ log }, { level }) {
    if (level !== undefined) log.level = level
    return { level: log.level as LogLevel }
  },
})

export const LOG_COMMANDS = [tail, level]
