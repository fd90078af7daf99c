// The databases, and the way to each.

import { useState } from 'preact/hooks'
import { type Fault, faultOf, read } from '../api.ts'
import { useCell } from '../cell.ts'
import { has } from '../declared.ts'
import { ago, bytes, duration, number, rate } from '../format.ts'
import { live, type Pool } from '../live.ts'
import { Action } from '../parts/action.tsx'
import { Badge, stateText } from '../parts/badge.tsx'
import { Empty } from '../parts/empty.tsx'
import { type Fact, Facts } from '../parts/facts.tsx'
import { FaultBox, faultOfPool } from '../parts/fault.tsx'
import { linkTo } from '../place.ts'
import { said } from '../said.ts'
import { t } from '../texts.ts'

export function Pools() {
  const now = useCell(live)
  if (!now) return <p class="loading">{t('loading')}</p>
  const { pools } = now.status
  if (pools.length === 0) {
    return (
      <Empty title={t('pools.none')}>
        <p>{t('pools.none.next')}</p>
        <a href={linkTo('configuration')}>{t('configuration')}</a>
      </Empty>
    )
  }
  return (
    <>
      {pools.map((pool) => (
        <PoolCard key={`${pool.kind}.${pool.name}`} pool={pool} />
      ))}
    </>
  )
}

function PoolCard({ pool }: { pool: Pool }) {
  const { state, mode, error, warnings } = pool
  const id = `${pool.kind}.${pool.name}`
  const isHeld = mode === 'paused' || mode === 'blocked' || state === 'blocked'
  return (
    <section class="card" aria-label={id}>
      <div class="row">
        <h2>{id}</h2>
        <span>
          <Badge state={state} /> {mode !== state && <Badge state={mode} />}
        </span>
      </div>
      <FaultBox fault={faultOfPool(error)} />
      {warnings.map((text) => (
        <p key={text} class="warning">
          {said(text)}
        </p>
      ))}
      <Facts facts={factsOf(pool)} />
      <div class="buttons">
        <ConnectionTest pool={id} />
        {state === 'blocked' && has('lane show') && (
          <a class="button" href={linkTo('queue')}>
            {t('blocked.look')}
          </a>
        )}
        {isHeld ? (
          <Action
            command="lane resume"
            values={{ pool: id }}
            label={t('pool.resume')}
            name={`${t('pool.resume')} ${id}`}
            look="primary"
          />
        ) : (
          <Action
            command="lane pause"
            values={{ pool: id }}
            label={t('pool.pause')}
            name={`${t('pool.pause')} ${id}`}
          />
        )}
        {has('pool schema') && (
          <Action
            command="pool schema"
            values={{ pool: id }}
            label={t('pool.tables')}
            name={`${t('pool.tables')} ${id}`}
          />
        )}
      </div>
    </section>
  )
}

function factsOf(pool: Pool): Fact[] {
  const { lag, since, forwarded, deadLetters, retries, ratePerSecond, drainEtaSeconds, exactlyOnce, recovered } = pool
  const saved = Object.entries(recovered).filter(([, count]) => count > 0)
  return [
    [t('pool.since'), ago(since)],
    [
      t('pool.waits'),
      lag.events === 0 ? t('lag.none') : `${number(lag.events)}, ${bytes(lag.bytes)}, ${duration(lag.seconds * 1000)}`,
    ],
    [t('pool.eta'), lag.events === 0 || drainEtaSeconds === null ? '–' : duration(drainEtaSeconds * 1000)],
    [t('pool.rate'), `${rate(ratePerSecond)} ${t('unit.perSecond')}`],
    [t('pool.forwarded'), number(forwarded)],
    [t('pool.retries'), number(retries)],
    [t('dead'), deadLetters === 0 ? '0' : <a href={linkTo('queue')}>{number(deadLetters)}</a>],
    [t('pool.exactlyOnce'), exactlyOnce === null ? '–' : t(exactlyOnce ? 'yes' : 'no')],
    ...(saved.length > 0
      ? [[t('pool.recovered'), saved.map(([what, count]) => `${what} ${number(count)}`).join(', ')] as const]
      : []),
  ]
}

interface Tested {
  readonly ok: boolean
  readonly ms?: number
  readonly code?: string
  readonly error?: string
  readonly hint?: string
}

/** It only reads, so there is nothing to ask for. */
export function ConnectionTest({ pool }: { pool: string }) {
  const [tested, setTested] = useState<Tested | 'running' | null>(null)
  const [fault, setFault] = useState<Fault | null>(null)
  const act = async (): Promise<void> => {
    setTested('running')
    setFault(null)
    try {
      setTested(await read<Tested>('pool test', { pool }))
    } catch (error) {
      setFault(faultOf(error))
      setTested(null)
    }
  }
  return (
    <>
      <button type="button" onClick={act} disabled={tested === 'running'} aria-label={`${t('pool.test')} ${pool}`}>
        {tested === 'running' ? `${stateText('connecting')} …` : t('pool.test')}
      </button>
      <span class="tested" role="status">
        {tested !== null && tested !== 'running' && tested.ok && (
          <span class="badge good">{t('pool.answers', { time: duration(tested.ms ?? 0) })}</span>
        )}
      </span>
      {tested !== null && tested !== 'running' && !tested.ok && (
        <FaultBox fault={{ code: tested.code, message: tested.error, hint: tested.hint } as unknown as Fault} />
      )}
      <FaultBox fault={fault} />
    </>
  )
}
