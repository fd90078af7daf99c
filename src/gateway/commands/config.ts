// `config …`: the candidate, and what becomes of it. What they do is in gateway/config/.

import { HIDDEN, revealHidden, setKey, unsetKey } from '../../config/edit.ts'
import { formatFault } from '../../config/fault.ts'
import { duration } from '../../config/values.ts'
import { HoldfastError } from '../../model/errors.ts'
import { entriesOf } from '../config/entries.ts'
import type { Files } from '../config/files.ts'
import { fileOf, isSecret, keysKnown } from '../config/keys.ts'
import { diffOf, entriesShown, shown } from '../config/text.ts'
import { PENDING, type Plan } from '../config/transaction.ts'
import type { Gateway } from '../gateway.ts'
import { command } from './command.ts'
import { EDIT, EDITED, edit, edited, FAULT } from './editing.ts'
import {
  anyText,
  type Candidate,
  choiceOf,
  onOff,
  option,
  optional,
  type ParameterType,
  required,
  wholeNumber,
  word,
} from './parameter.ts'
import { flag, integer, listOf, mapOf, oneOf, orNull, record, text, time } from './schema.ts'

const CALLER = record({ who: text(), from: text() })

const candidates = function* ({ config }: Gateway): Iterable<Candidate> {
  for (const { key, doc } of keysKnown(config.editor.files)) yield { word: key, doc }
}
const key = required(word('a key'), 'KEY', 'Such as mqtt.max_inflight', { candidates })
const file = required(
  word("a file's name"),
  'FILE',
  'Below etc/, such as acl.conf or plugins/emqx_backend_pgsql.conf',
  {
    *candidates({ config }: Gateway): Iterable<Candidate> {
      for (const name of config.editor.files.keys()) yield { word: name }
    },
  },
)
const version = wholeNumber({ min: 1 })
const versions = function* ({ config }: Gateway): Iterable<Candidate> {
  for (const { version, comment, who } of config.versions()) yield { word: String(version), doc: `${who} ${comment}` }
}

const status = command('config status', {
  summary: 'is somebody changing the configuration, does a commit wait?',
  result: record({
    version: orNull(integer('that runs; null: not kept yet')),
    candidate: orNull(
      record({
        owner: CALLER,
        since: time(),
        revision: integer(),
        files: listOf(text(), 'that differ from what runs'),
      }),
    ),
    toConfirm: orNull(record({ version: integer(), back: integer(), leftMs: integer() })),
    editedByHand: listOf(text(), 'files that are not what runs: `config commit` takes them up'),
    draining: listOf(text(), 'pools that are gone when they have what waits for them'),
  }),
  run: ({ config }) => config.status(),
})

const show = command('config show', {
  summary: 'keys and their values, as a commit would have them',
  help: 'Secrets are shown as ***, but for where they are: file:/path and env:NAME.',
  parameters: {
    prefix: optional(word('the beginning of keys'), 'PREFIX', 'Only keys that begin so', { candidates }),
    all: onOff('Also keys of holdfast.conf that have their default'),
  },
  result: listOf(
    record({
      key: text(),
      value: orNull(text()),
      default: orNull(text()),
      file: text(),
      line: orNull(integer('null: not set')),
      changed: flag('differs from what runs'),
      counts: oneOf(['now', 'at start'], 'when a change counts'),
      doc: text(),
    }),
  ),
  columns: ['key', 'value', 'file', 'line', 'changed', 'counts'],
  run: ({ config }, { prefix = '', all = false }) =>
    entriesShown(config.runningFiles, config.editor.files, all).filter((one) => one.key.startsWith(prefix)),
})

const files = command('config files', {
  summary: 'the files of the configuration',
  result: listOf(record({ file: text(), bytes: integer(), changed: flag('differs from what runs') })),
  run: ({ config }) =>
    [...config.editor.files].map(([name, content]) => ({
      ...{ file: name, bytes: content.length, changed: !config.runningFiles.get(name)?.equals(content) },
    })),
})

const get = command('config file get', {
  summary: 'a whole file, secrets as ***',
  parameters: { file },
  result: record({ file: text(), content: text() }),
  did: ({ content }) => content.replace(/\n$/, ''),
  run: ({ config }, input) => ({ file: input.file, content: shown(contentOf(config.editor.files, input.file)) }),
})

const put = command('config file put', {
  summary: 'a whole file, into the candidate',
  help: 'A secret that is given back as *** stays what it is.',
  parameters: {
    file,
    content: required(anyText("the file's content"), 'SOURCE', 'A file with the content; - for what is typed', {
      fromFile: true,
    }),
    ...EDIT,
  },
  result: EDITED,
  did: edited,
  will: (_, input) => `Puts ${input.file} into the candidate. Nothing changes before it is committed.`,
  run: ({ config }, input, caller) =>
    edit(config, caller, input, input.file, (files) => {
      const before = files.get(input.file) ?? Buffer.alloc(0)
      const { content, lost } = revealHidden(Buffer.from(input.content), before, isSecret)
      if (lost[0]) throw unknownSecret(`${input.file}:${lost[0].line}: ${lost[0].key}`)
      files.set(input.file, content)
    }),
})

const remove = command('config file delete', {
  summary: 'take a whole file out of the candidate',
  parameters: { file, ...EDIT },
  result: EDITED,
  did: edited,
  will: (_, input) => `Takes ${input.file} out of the candidate. Nothing changes before it is committed.`,
  run: ({ config }, input, caller) =>
    edit(config, caller, input, input.file, (files) => {
      contentOf(files, input.file)
      files.delete(input.file)
    }),
})

const set = command('config set', {
  summary: 'give a key a value, in the candidate',
  help: 'The line that has the key is changed, or one is added where the key belongs; comments and order stay.',
  parameters: { key, value: required(anyText('a value'), 'VALUE', 'As in the file', { rest: true }), ...EDIT },
  result: EDITED,
  did: edited,
  will: (_, input) => `Sets ${input.key} in the candidate. Nothing changes before it is committed.`,
  run: ({ config }, { value, ...input }, caller) =>
    edit(config, caller, input, fileOf(input.key), (files) => {
      if (/[\x00-\x1f\x7f]/.test(value))
        throw new HoldfastError('BAD_VALUE', 'a value is one line, without control characters')
      const name = fileOf(input.key)
      const content = files.get(name) ?? Buffer.alloc(0)
      if (value !== HIDDEN || !isSecret(input.key)) files.set(name, setKey(content, input.key, value.trim()))
      else if (!entriesOf(name, content).some((one) => one.key === input.key)) throw unknownSecret(input.key)
    }),
})

const unset = command('config unset', {
  summary: 'take a key out of the candidate: it has its default then',
  parameters: { key, ...EDIT },
  result: EDITED,
  did: edited,
  will: (_, input) => `Takes ${input.key} out of the candidate. Nothing changes before it is committed.`,
  run: ({ config }, input, caller) =>
    edit(config, caller, input, fileOf(input.key), (files) => {
      const name = fileOf(input.key)
      const content = unsetKey(files.get(name) ?? Buffer.alloc(0), input.key)
      if (!content)
        throw new HoldfastError('NOT_SET', `${input.key} is not set in ${name}`, {
          hint: '`config show` lists what is',
        })
      files.set(name, content)
    }),
})

const diff = command('config diff', {
  summary: 'what a commit would change',
  help: 'As text, in the form of `diff -u`: from what runs to the candidate, or with VERSION from that one.',
  parameters: {
    version: optional(version, 'VERSION', 'A version of `config history` in place of what runs', {
      candidates: versions,
    }),
  },
  result: record({ diff: text() }),
  did: ({ diff }) => diff.replace(/\n$/, '') || 'no difference',
  async run({ config }, { version }) {
    const before = version === undefined ? config.runningFiles : config.filesOf(version)
    return { diff: await diffOf(before, config.editor.files) }
  },
})

const PLAN = {
  changes: listOf(text(), 'what a commit would do, a sentence each'),
  atStart: listOf(text(), 'keys that count from the next start on'),
} as const

const check = command('config check', {
  summary: 'every fault of the candidate, and what a commit would do',
  result: record({
    faults: listOf(FAULT),
    errors: integer('that a commit is refused for'),
    ...PLAN,
    waiting: mapOf(integer(), 'events that wait for pools that would be gone, at most'),
  }),
  did: ({ faults, errors, changes }) =>
    [
      ...faults.map(formatFault),
      ...changes,
      errors === 0 ? 'A commit may be made.' : `A commit is refused for ${errors} of these.`,
    ].join('\n'),
  isBad: ({ errors }) => errors > 0,
  async run({ config }) {
    const plan = await config.plan()
    const { changes, atStart } = planned(plan)
    const errors = config.refusing(plan).length
    return { faults: plan.next.faults, errors, changes, atStart, waiting: Object.fromEntries(plan.waiting) }
  },
})

const minutes: ParameterType<number> = {
  expected: 'minutes such as 5, or a duration such as 90s',
  schema: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'string' }] },
  read(written) {
    const reading = duration.read(/^\d+$/.test(written) ? `${written}m` : written, { etcDir: '' })
    const isFine = 'value' in reading && reading.value > 0 && reading.value <= 86_400_000
    return isFine ? reading : { fault: `expected ${minutes.expected}, of a day at most, not '${written}'` }
  },
}

const commit = command('config commit', {
  summary: 'take the candidate up',
  help: `It is checked as a whole, written, and taken up by what runs, without a restart; the answer says what counts from the next start
on only. Without a candidate it takes up what was edited in the files by hand. With --confirm it is taken back by itself unless
\`config confirm\` comes in time, also after a power cut: what locks you out does not last.`,
  parameters: {
    confirm: option(minutes, 'MIN', 'Take it back unless it is confirmed within so many minutes'),
    pending: option(
      choiceOf(...PENDING),
      'drain|drop|keep',
      'What becomes of events that wait for pools that are gone',
    ),
    comment: option(anyText('a text'), 'TEXT', 'For the history'),
    ...EDIT,
  },
  result: record(
    {
      version: integer(),
      ...PLAN,
      pools: listOf(record({ pool: text(), state: text(), error: orNull(text()) }), 'that were connected anew'),
    },
    { confirmWithinMs: integer() },
  ),
  did: ({ version, changes, pools, confirmWithinMs }) =>
    [
      `Version ${version} runs.`,
      ...changes,
      ...pools.map(({ pool, state, error }) => `Pool ${pool} is ${state}${error === null ? '' : `: ${error}`}.`),
      ...(confirmWithinMs === undefined
        ? []
        : [`It is taken back in ${confirmWithinMs / 1000} s unless \`config confirm\` comes.`]),
    ].join('\n'),
  async will({ config }, { confirm }) {
    const plan = await config.plan()
    const back = confirm === undefined ? [] : [`Takes it back after ${confirm / 1000} s unless it is confirmed.`]
    return ['Commits.', ...planned(plan).changes, ...back].join('\n')
  },
  async run({ config }, { confirm, pending, comment, take, revision }, caller) {
    const { version, changes, pools } = await config.commit(caller, {
      confirmMs: confirm,
      pending,
      comment,
      take,
      revision,
    })
    return {
      version,
      changes: changes.sentences,
      atStart: changes.atStart,
      pools: pools.map(({ pool, state, error }) => ({
        pool,
        state,
        error: error && `${error.code}: ${error.message}`,
      })),
      ...(confirm !== undefined && { confirmWithinMs: confirm }),
    }
  },
})

const confirm = command('config confirm', {
  summary: 'keep what was committed with --confirm',
  result: record({ version: integer() }),
  will: () => 'Keeps what was committed last.',
  did: ({ version }) => `Version ${version} stays.`,
  run: async ({ config }, _, caller) => ({ version: await config.confirm(caller) }),
})

const rollback = command('config rollback', {
  summary: 'take back what was committed with --confirm',
  result: record({ back: integer('the version that runs again') }),
  will: () => 'Takes back what was committed last.',
  did: ({ back }) => `Version ${back} runs again.`,
  run: async ({ config }, _, caller) => ({ back: await config.takeBack(caller, 'taken back') }),
})

const discard = command('config discard', {
  summary: 'drop the candidate',
  parameters: EDIT,
  result: record({ discarded: flag('false: there was none') }),
  will: () => 'Drops what was edited and not committed.',
  did: ({ discarded }) => (discarded ? 'The candidate is gone.' : 'There was no candidate.'),
  run({ config }, input, caller) {
    config.editor.assertFree(caller, input)
    const discarded = config.editor.candidate !== undefined
    config.editor.clear()
    return { discarded }
  },
})

const history = command('config history', {
  summary: 'the versions that are kept, newest first',
  result: listOf(
    record({
      version: integer(),
      at: time(),
      trusted: flag('was the clock set then?'),
      who: text(),
      from: text(),
      comment: text(),
      runs: flag(),
    }),
  ),
  run({ config }) {
    const runs = config.record()
    return config
      .versions()
      .map(({ at, ...rest }) => ({ ...rest, at: new Date(at).toISOString(), runs: rest.version === runs }))
  },
})

const restore = command('config restore', {
  summary: 'an earlier version, into the candidate',
  parameters: {
    version: required(version, 'VERSION', 'As `config history` numbers them', { candidates: versions }),
    ...EDIT,
  },
  result: record({ revision: integer(), files: listOf(text(), 'that differ from what runs') }),
  did: ({ revision, files }) =>
    `${files.join(', ') || 'Nothing'} in the candidate, revision ${revision}. \`config commit\` takes it up.`,
  will: (_, input) => `Makes the candidate what version ${input.version} was. Nothing changes before it is committed.`,
  run({ config }, { version, ...options }, caller) {
    const files = config.filesOf(version)
    const { revision } = config.editor.change(caller, options, (candidate) => {
      candidate.clear()
      for (const [name, content] of files) candidate.set(name, content)
    })
    return { revision, files: config.status().candidate!.files }
  },
})

export const CONFIG_COMMANDS = [
  ...[status, show, set, unset, files, get, put, remove, diff, check],
  ...[commit, confirm, rollback, discard, history, restore],
]

function contentOf(files: Files, name: string): Buffer {
  const content = files.get(name)
  if (content) return content
  throw new HoldfastError('NO_SUCH_FILE', `there is no file ${name}`, {
    hint: `files: ${[...files.keys()].join(', ')}`,
  })
}

const unknownSecret = (where: string): HoldfastError =>
  new HoldfastError('SECRET_UNKNOWN', `${where}: *** stands for the secret that is there, and there is none`, {
    hint: 'give the secret itself, file:/path or env:NAME',
  })

function planned({ changes: { sentences, atStart }, waiting }: Plan) {
  const held = [...waiting].map(
    ([pool, events]) => `Up to ${events} events wait for ${pool}: say --pending drain, drop or keep.`,
  )
  return { changes: [...sentences, ...held], atStart }
}
