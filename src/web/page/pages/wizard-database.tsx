// One database: where it is, does it answer, its tables.

import { useState } from 'preact/hooks'
import { Fault, faultOf, read, run } from '../api.ts'
import { Choice, Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { useRead } from '../parts/use-read.ts'
import { t } from '../texts.ts'
import type { Entry } from './configuration-keys.tsx'

const KINDS = {
  sqlite: 'SQLite',
  pgsql: 'PostgreSQL',
  mysql: 'MySQL, MariaDB',
  redis: 'Redis',
  mongo: 'MongoDB',
  cassa: 'Cassandra',
  dynamo: 'DynamoDB',
} as const
type Kind = keyof typeof KINDS

/** Ends of keys that somebody has to look at; the rest is good as it is. */
const ASKED =
  /\.pool1\.(server|nodes|login|username|user|password|database|keyspace|region|aws_access_key_id|aws_secret_access_key)$/
const SECRET = /(password|secret_access_key)$/

export function FirstDatabase({ end }: { end: () => void }) {
  const [kind, setKind] = useState<Kind>('sqlite')
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const [done, setDone] = useState<readonly string[]>([])
  const [isReady, setReady] = useState(false)
  const { result } = useRead<Entry[]>('config show', { all: true })
  const file = `plugins/emqx_backend_${kind}.conf`
  const fields = kind === 'sqlite' ? [] : (result ?? []).filter((one) => one.file === file && ASKED.test(one.key))
  const given = ({ key, value }: Entry): string => values[key] ?? (SECRET.test(key) ? '' : (value ?? ''))
  const connect = async (): Promise<void> => {
    if (kind === 'sqlite' || isReady) return end()
    setDone([])
    const told = (sentence: string): void => setDone((before) => [...before, sentence])
    await configure(
      kind,
      fields.map((one) => [one.key, given(one)]),
    )
    told(t('wizard.configured'))
    const pool = `${kind}.pool1`
    const tested = await read<{ ok: boolean; code?: string; error?: string; hint?: string }>('pool test', { pool })
    if (!tested.ok) throw new Fault(tested.code ?? '', tested.error ?? '', tested.hint)
    told(t('wizard.answers'))
    const { did } = await run('pool schema', { pool })
    told(did ?? '')
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
        {...{ label: t('wizard.kind'), value: kind, change: setKind }}
        options={Object.entries(KINDS).map(([one, name]) => [one as Kind, name] as const)}
      />
      <p class="hint">{t(kind === 'sqlite' ? 'wizard.embedded' : 'wizard.connect.hint')}</p>
      {fields.map((one) => (
        <Field
          {...{ key: one.key, label: one.key.split('.').at(-1)!, hint: one.doc, value: given(one) }}
          change={(value) => setValues({ ...values, [one.key]: value })}
          type={SECRET.test(one.key) ? 'password' : 'text'}
          autocomplete="off"
        />
      ))}
      <div role="status">
        {done.map((sentence) => (
          <p key={sentence}>✓ {sentence}</p>
        ))}
      </div>
      {isReady && <p class="well">{t('wizard.ready', { kind: KINDS[kind] })}</p>}
    </Form>
  )
}

/** Its keys and its plugin, committed; what is so already is fine. @throws Fault */
async function configure(kind: Kind, keys: readonly (readonly [key: string, value: string])[]): Promise<void> {
  for (const [key, value] of keys) if (value !== '') await run('config set', { key, value })
  const file = 'loaded_plugins'
  const { content } = await read<{ content: string }>('config file get', { file })
  const name = `emqx_backend_${kind}`
  if (!content.split('\n').some((line) => line.trim() === name)) {
    await run('config file put', { file, content: `${content.trimEnd()}\n${name}\n` })
  }
  try {
    await run('config commit', { comment: t('wizard') })
  } catch (error) {
    if (faultOf(error).code !== 'NOTHING_TO_COMMIT') throw error
  }
}
