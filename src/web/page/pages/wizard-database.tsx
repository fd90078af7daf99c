// One database: where it is, does it answer, its tables.

import { useState } from 'preact/hooks'
import type { ShownEntry } from '../../../gateway/config/text.ts'
import { Fault, read, run } from '../api.ts'
import { Choice, Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { useRead } from '../parts/use-read.ts'
import { said } from '../said.ts'
import { type TextKey, t } from '../texts.ts'
import { commitKeys } from './wizard-commit.ts'

interface Kind {
  readonly name: string
  /** Its word in keys. */
  readonly word: string
  /** Ends of keys that somebody has to look at; the rest is good as it is. */
  readonly asked: readonly string[]
}

const KINDS = {
  sqlite: { name: 'SQLite', word: 'sqlite', asked: [] },
  pgsql: { name: 'PostgreSQL', word: 'pgsql', asked: ['server', 'username', 'password', 'database'] },
  mysql: { name: 'MySQL, MariaDB', word: 'mysql', asked: ['server', 'user', 'password', 'database'] },
  redis: { name: 'Redis', word: 'redis', asked: ['server', 'password', 'database'] },
  mongo: { name: 'MongoDB', word: 'mongo', asked: ['server', 'login', 'password', 'database'] },
  cassa: { name: 'Cassandra', word: 'ecql', asked: ['nodes', 'username', 'password', 'keyspace'] },
  dynamo: {
    name: 'DynamoDB',
    word: 'dynamo',
    asked: ['server', 'region', 'aws_access_key_id', 'aws_secret_access_key'],
  },
} as const satisfies Record<string, Kind>
type KindName = keyof typeof KINDS

const LABELS: Readonly<Record<string, TextKey>> = {
  ...{ server: 'db.server', nodes: 'db.server', database: 'db.database', keyspace: 'db.keyspace', region: 'db.region' },
  ...{ username: 'client.user', user: 'client.user', login: 'client.user', password: 'password' },
  ...{ aws_access_key_id: 'db.keyId', aws_secret_access_key: 'db.secretKey' },
}
const SECRET = /(password|aws_access_key_id|aws_secret_access_key)$/

/** The pools that are in the configuration; where there is none, one to begin with. */
function poolsOf(entries: readonly ShownEntry[], kind: KindName): readonly string[] {
  const { word, asked } = KINDS[kind]
  const found = entries.flatMap(({ key }) => {
    const [, pool, end] = new RegExp(`^backend\\.${word}\\.([^.]+)\\.(\\w+)$`).exec(key) ?? []
    return pool !== undefined && (asked as readonly string[]).includes(end!) ? [pool] : []
  })
  return found.length > 0 ? [...new Set(found)] : ['pool1']
}

export function FirstDatabase({ end }: { end: () => void }) {
  const [kind, setKind] = useState<KindName>('sqlite')
  const [chosen, setChosen] = useState<string | null>(null)
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const [done, setDone] = useState<readonly string[]>([])
  const [isReady, setReady] = useState(false)
  const { result: entries = [] } = useRead<ShownEntry[]>('config show', { all: true })
  const pools = poolsOf(entries, kind)
  const pool = chosen !== null && pools.includes(chosen) ? chosen : pools[0]!
  const fields = KINDS[kind].asked.map((word) => {
    const key = `backend.${KINDS[kind].word}.${pool}.${word}`
    const entry = entries.find((one) => one.key === key)
    const before = SECRET.test(key) ? '' : (entry?.value ?? '')
    const hint = SECRET.test(key) && entry?.value ? t('wizard.secret.stays') : helpOf(entry)
    return { key, label: t(LABELS[word]!), hint, before, value: values[key] ?? before }
  })
  const choose = (next: KindName): void => {
    setKind(next)
    setDone([])
    setReady(false)
  }
  const connect = async (): Promise<void> => {
    if (kind === 'sqlite' || isReady) return end()
    setDone([])
    const told = (sentence: string): void => setDone((before) => [...before, sentence])
    await loadPlugin(kind)
    await commitKeys(fields.filter(({ value, before }) => value !== before).map(({ key, value }) => [key, value]))
    told(t('wizard.configured'))
    const id = { pool: `${kind}.${pool}` }
    const tested = await read<{ ok: boolean; code?: string; error?: string; hint?: string }>('pool test', id)
    if (!tested.ok) throw new Fault(tested.code ?? '', tested.error ?? '', tested.hint)
    told(t('wizard.answers'))
    const { did } = await run('pool schema', id)
    told(said(did ?? ''))
    const plugins = await read<{ name: string; hooks: number }[]>('plugins list')
    if (!plugins.some(({ name, hooks }) => name === `emqx_backend_${kind}` && hooks > 0)) told(t('wizard.noHooks'))
    setReady(true)
  }
  const label = isReady ? 'wizard.end' : kind === 'sqlite' ? 'wizard.embedded.end' : 'wizard.connect'
  return (
    <Form
      {...{ submit: t(label), act: connect }}
      beside={
        !isReady &&
        kind !== 'sqlite' && (
          <button type="button" onClick={end}>
            {t('wizard.later')}
          </button>
        )
      }
    >
      <h2>{t('wizard.database')}</h2>
      <Choice
        {...{ label: t('wizard.kind'), value: kind, change: choose }}
        options={Object.entries(KINDS).map(([one, { name }]) => [one as KindName, name] as const)}
      />
      <p class="hint">{t(kind === 'sqlite' ? 'wizard.embedded' : 'wizard.connect.hint')}</p>
      {pools.length > 1 && (
        <Choice
          {...{ label: t('lane'), value: pool, change: setChosen, options: pools.map((one) => [one, one] as const) }}
        />
      )}
      {fields.map(({ key, label, hint, value }) => (
        <Field
          {...{ key, label, hint, value, change: (next) => setValues({ ...values, [key]: next }) }}
          type={SECRET.test(key) ? 'password' : 'text'}
          autocomplete="off"
        />
      ))}
      <div role="status">
        {done.map((sentence) => (
          <p key={sentence}>✓ {sentence}</p>
        ))}
      </div>
      {isReady && <p class="well">{t('wizard.ready', { kind: KINDS[kind].name })}</p>}
    </Form>
  )
}

/** Not where it says no more than the label. */
const helpOf = (entry: ShownEntry | undefined): string | undefined =>
  entry?.doc.includes(' ') ? said(entry.doc) : undefined

/** Into the candidate, if it is not there. @throws Fault */
async function loadPlugin(kind: KindName): Promise<void> {
  const file = 'loaded_plugins'
  const { content } = await read<{ content: string }>('config file get', { file })
  const name = `emqx_backend_${kind}`
  if (content.split('\n').some((line) => line.trim() === name)) return
  await run('config file put', { file, content: `${content.trimEnd()}\n${name}\n` })
}
