// A lane that stands until somebody acts: why, at which event, and what can be done.

import { useState } from 'preact/hooks'
import { has } from '../declared.ts'
import { moment } from '../format.ts'
import type { Pool } from '../live.ts'
import { Action } from '../parts/action.tsx'
import { Facts } from '../parts/facts.tsx'
import { FaultBox, faultOfPool } from '../parts/fault.tsx'
import { Field } from '../parts/field.tsx'
import { LIST_MS, useRead } from '../parts/use-read.ts'
import { t } from '../texts.ts'

interface Event {
  readonly seq: number
  readonly at: string
  readonly hook: string
  readonly clientid: string
  readonly topic?: string
  readonly payload?: string
}

/** `connecting` is between two tries. */
const isStanding = ({ state, mode }: Pool): boolean => state === 'blocked' || mode === 'unconfigured'

export function Blocked({ pools }: { pools: readonly Pool[] }) {
  if (!has('lane show')) return null
  return (
    <>
      {pools.filter(isStanding).map((pool) => (
        <BlockedLane key={`${pool.kind}.${pool.name}`} pool={pool} />
      ))}
    </>
  )
}

function BlockedLane({ pool: { kind, name, mode, error } }: { pool: Pool }) {
  const pool = `${kind}.${name}`
  const { result, fault, again } = useRead<{ next: Event | null }>('lane show', { pool }, LIST_MS)
  const next = result?.next
  return (
    <section class="card" aria-label={t('blocked.lane', { pool })}>
      <h2>{t('blocked.lane', { pool })}</h2>
      <FaultBox fault={fault ?? faultOfPool(error)} />
      {next && <BlockingEvent event={next} />}
      {mode !== 'unconfigured' && (
        <div class="buttons">
          <Action command="lane resume" values={{ pool }} label={t('blocked.retry')} look="primary" done={again} />
        </div>
      )}
      {next && <Skip key={next.seq} pool={pool} seq={next.seq} done={again} />}
    </section>
  )
}

const BlockingEvent = ({ event: { seq, at, hook, clientid, topic, payload } }: { event: Event }) => (
  <Facts
    facts={[
      [t('blocked.event'), String(seq)],
      [t('message.at'), moment(at)],
      ['Hook', hook],
      [t('client'), clientid],
      ...(topic === undefined ? [] : [[t('message.topic'), topic] as const]),
      ...(payload === undefined ? [] : [[t('message.payload'), <pre key="payload">{payload}</pre>] as const]),
    ]}
  />
)

/** This event alone, or also those behind it. */
function Skip({ pool, seq, done }: { pool: string; seq: number; done: () => void }) {
  const [to, setTo] = useState(String(seq))
  return (
    <details class="fold">
      <summary>{t('blocked.skip')}</summary>
      <p class="hint">{t('blocked.skip.what')}</p>
      <Field label={t('blocked.skip.to')} value={to} change={setTo} autocomplete="off" />
      <div class="buttons">
        <Action command="lane skip" values={{ pool, to }} label={t('blocked.skip')} look="danger" done={done} />
      </div>
    </details>
  )
}
