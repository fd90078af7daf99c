// Everything at a glance: what needs somebody, the figures, the pools, the last hour and day.

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { useCell } from '../cell.ts'
import { has } from '../declared.ts'
import { bytes, duration, number, rate } from '../format.ts'
import { type Live, live, type Status } from '../live.ts'
import { Badge } from '../parts/badge.tsx'
import { Empty } from '../parts/empty.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Plot } from '../parts/plot.tsx'
import { useRead } from '../parts/use-read.ts'
import { linkTo } from '../place.ts'
import { said } from '../said.ts'
import { type TextKey, t } from '../texts.ts'

const TREND_EVERY_MS = 10_000

export function Overview() {
  const now = useCell(live)
  if (!now) return <p class="loading">{t('loading')}</p>
  return (
    <>
      <Troubles status={now.status} />
      <Tiles now={now} />
      <Pools status={now.status} />
      {has('trend') && <Plots />}
    </>
  )
}

interface Trouble {
  readonly text: string
  readonly to: string
}

/** What somebody should look at. */
function troublesOf({ clock, queue, pools, storage, listeners }: Status): Trouble[] {
  const found: Trouble[] = []
  const add = (is: unknown, key: TextKey, to: string, values = {}): void => {
    if (is) found.push({ text: t(key, values), to })
  }
  add(queue.full !== null, 'trouble.full', 'queue', { why: said(queue.full ?? '') })
  add(storage.salvaged !== null, 'trouble.salvaged', 'system', { lost: storage.salvaged?.lost ?? 0 })
  for (const { name, kind, state, error, deadLetters } of pools) {
    const why = error ? `${said(error.message)}${error.hint ? ` (${said(error.hint)})` : ''}` : ''
    const pool = `${kind}.${name}`
    add(state === 'blocked', 'trouble.blocked', 'queue', { pool, why })
    add(state === 'down', 'trouble.down', 'pools', { pool, why })
    add(deadLetters > 0, 'trouble.dead', 'queue', { pool, count: number(deadLetters) })
  }
  for (const { name, certificate } of listeners) {
    add(certificate?.fault, 'trouble.certificate', 'system', { listener: name, why: said(certificate?.fault ?? '') })
  }
  add(!clock.trusted, 'trouble.clock', 'system')
  return found
}

function Troubles({ status }: { status: Status }) {
  const troubles = troublesOf(status)
  if (troubles.length === 0) return <p class="well">{t('well')}</p>
  return (
    <ul class="troubles">
      {troubles.map(({ text, to }) => (
        <li key={text}>
          <a href={linkTo(to)}>{text}</a>
        </li>
      ))}
    </ul>
  )
}

function Tiles({ now: { status, rates } }: { now: Live }) {
  const { clients, queue, pools, storage, clock, uptimeMs } = status
  const waiting = Math.max(0, ...pools.map(({ lag }) => lag.events))
  return (
    <section class="tiles" aria-label={t('figures')}>
      <Tile title={t('rate.in')} value={rate(rates.received)} more={t('unit.perSecond')} />
      <Tile title={t('rate.out')} value={rate(rates.delivered)} more={t('unit.perSecond')} />
      <Tile
        {...{ title: t('clients'), value: number(clients.connected) }}
        more={t('sessions', { count: number(clients.sessions) })}
      />
      <Tile title={t('tile.waiting')} value={number(waiting)} more={t('events.in', { bytes: bytes(queue.bytes) })} />
      <Tile title={t('disk')} value={bytes(storage.freeBytes)} more={t('free')} />
      <Tile
        {...{ title: t('clock'), value: t(clock.trusted ? 'clock.set' : 'clock.notSet') }}
        more={t('uptime', { time: duration(uptimeMs) })}
      />
    </section>
  )
}

function Tile({ title, value, more }: { title: string; value: string; more: ComponentChildren }) {
  return (
    <div class="tile">
      <h2>{title}</h2>
      <p class="figure">{value}</p>
      <p class="hint">{more}</p>
    </div>
  )
}

function Pools({ status: { pools } }: { status: Status }) {
  return (
    <section class="card">
      <h2>{t('pools')}</h2>
      {pools.length === 0 && (
        <Empty title={t('pools.none')}>
          <p>{t('pools.none.next')}</p>
        </Empty>
      )}
      {pools.map(({ kind, name, state, mode, lag, ratePerSecond, drainEtaSeconds }) => (
        <a class="poolLine" key={`${kind}.${name}`} href={linkTo('pools')}>
          <span class="poolName">
            {kind}.{name}
          </span>
          <Badge state={mode === 'paused' ? mode : state} />
          <span>
            {lag.events === 0
              ? t('lag.none')
              : t('lag', { events: number(lag.events), time: duration(lag.seconds * 1000) })}
          </span>
          <span class="hint">
            {rate(ratePerSecond)} {t('unit.perSecond')}
            {lag.events > 0 && drainEtaSeconds !== null && ` · ${t('eta', { time: duration(drainEtaSeconds * 1000) })}`}
          </span>
        </a>
      ))}
    </section>
  )
}

type Values = readonly (number | null)[]

interface Trend {
  readonly stepMs: number
  readonly agoMs: number
  readonly received: Values
  readonly delivered: Values
  readonly forwarded: Values
  readonly lagEvents: Values
  readonly freeBytes: Values
}

const SPANS = ['hour', 'day'] as const

function Plots() {
  const [span, setSpan] = useState<(typeof SPANS)[number]>('hour')
  const { result, fault } = useRead<Trend>('trend', { span }, TREND_EVERY_MS)
  return (
    <section class="card">
      <div class="row">
        <h2>{t('trend')}</h2>
        <fieldset class="switch">
          <legend class="unseen">{t('trend')}</legend>
          {SPANS.map((one) => (
            <button key={one} type="button" aria-pressed={span === one} onClick={() => setSpan(one)}>
              {t(`trend.${one}`)}
            </button>
          ))}
        </fieldset>
      </div>
      <FaultBox fault={fault} />
      {result && (result.received.length > 1 ? <Drawn trend={result} /> : <Empty title={t('trend.none')} />)}
    </section>
  )
}

function Drawn({ trend }: { trend: Trend }) {
  const { stepMs, agoMs, received } = trend
  const end = (Date.now() - agoMs) / 1000
  const times = received.map((_, i) => end - ((received.length - 1 - i) * stepMs) / 1000)
  return (
    <div class="plots">
      <Plot
        {...{ title: `${t('rates')} (${t('unit.perSecond')})`, times, format: rate }}
        lines={[
          { label: t('rate.in'), color: '--blue', values: trend.received },
          { label: t('rate.out'), color: '--orange', values: trend.delivered },
          { label: t('rate.forwarded'), color: '--green', values: trend.forwarded },
        ]}
      />
      <Plot
        {...{ title: t('waiting'), times, format: number }}
        lines={[{ label: t('waiting'), color: '--violet', values: trend.lagEvents }]}
      />
      <Plot
        {...{ title: t('disk.free'), times, format: bytes }}
        lines={[{ label: t('disk.free'), color: '--blue', values: trend.freeBytes }]}
      />
    </div>
  )
}
