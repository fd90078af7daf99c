// What the candidate's hooks would make of an event. Nothing is run.

import { useState } from 'preact/hooks'
import { run } from '../api.ts'
import { Empty } from '../parts/empty.tsx'
import { Form } from '../parts/form.tsx'
import { t } from '../texts.ts'

interface Tried {
  readonly hook: string
  readonly pool: string
  readonly action: string
  readonly write: string | null
}

const SAMPLE = {
  hook: 'message.publish',
  clientid: 'sensor-1',
  topic: 'plant/temperature',
  payload: '{"t": 21.5}',
  qos: 1,
}

export function HookTry() {
  const [event, setEvent] = useState(JSON.stringify(SAMPLE, null, 2))
  const [tried, setTried] = useState<readonly Tried[] | null>(null)
  return (
    <section class="card">
      <h2>{t('try')}</h2>
      <p class="hint">{t('try.hint')}</p>
      <Form submit={t('try.do')} act={async () => setTried((await run<Tried[]>('hook try', { event })).result)}>
        <div class="field">
          <label>
            {t('dead.event')}
            <textarea
              {...{ class: 'mono', rows: 8, value: event, spellcheck: false }}
              onInput={({ currentTarget }) => setEvent(currentTarget.value)}
            />
          </label>
        </div>
      </Form>
      {tried?.length === 0 && <Empty title={t('try.none')} />}
      {tried?.map(({ hook, pool, action, write }) => (
        <div key={`${pool} ${hook} ${action}`}>
          <h3>
            {pool} <span class="hint">{action}</span>
          </h3>
          <pre>{write ?? t('try.nothing')}</pre>
        </div>
      ))}
    </section>
  )
}
