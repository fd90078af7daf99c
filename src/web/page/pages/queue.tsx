// What waits, and what a database refused for good.

import { useState } from 'preact/hooks'
import { useCell } from '../cell.ts'
import { ago, bytes, moment, number } from '../format.ts'
import { live, type Status } from '../live.ts'
import { Action } from '../parts/action.tsx'
import { Badge } from '../parts/badge.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Empty } from '../parts/empty.tsx'
import { Facts } from '../parts/facts.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { LIST_MS, useRead } from '../parts/use-read.ts'
import { said } from '../said.ts'
import { t } from '../texts.ts'
import { Blocked } from './queue-blocked.tsx'

const MOST = 10_000

interface Letter {
  readonly id: number
  readonly pool: string
  readonly seq: number
  readonly code: string
  readonly message: string
  readonly operation: string
  readonly at: string
}

export function Queue() {
  const now = useCell(live)
  const letters = useRead<Letter[]>('dead list', { limit: MOST }, LIST_MS)
  const [shown, setShown] = useState<number | null>(null)
  return (
    <>
      {now && <Blocked pools={now.status.pools} />}
      {now && <Waiting status={now.status} />}
      <section class="card">
        <div class="row">
          <h2>{t('dead')}</h2>
          {(letters.result?.length ?? 0) > 0 && (
            <div class="buttons">
              <Action command="dead retry" values={{ id: 'all' }} label={t('dead.retryAll')} done={letters.again} />
              <Action
                {...{ command: 'dead drop', values: { id: 'all' }, label: t('dead.dropAll') }}
                look="danger"
                done={letters.again}
              />
            </div>
          )}
        </div>
        <FaultBox fault={letters.fault} />
        {letters.result && (
          <Table<Letter>
            {...{ label: t('dead'), rows: letters.result, columns: columnsOf(setShown), filter: true }}
            keyOf={({ id }) => String(id)}
            empty={
              <Empty title={t('dead.none')}>
                <p>{t('dead.none.next')}</p>
              </Empty>
            }
          />
        )}
      </section>
      {shown !== null && <LetterDialog id={shown} close={() => setShown(null)} changed={letters.again} />}
    </>
  )
}

function Waiting({ status: { queue, pools } }: { status: Status }) {
  return (
    <section class="card">
      <h2>{t('waiting')}</h2>
      {queue.full !== null && <p class="warning">{t('trouble.full', { why: said(queue.full) })}</p>}
      <Facts
        facts={[
          [t('queue.events'), number(queue.events)],
          [t('queue.size'), t('queue.of', { bytes: bytes(queue.bytes), most: bytes(queue.maxBytes) })],
          [t('queue.oldest'), queue.oldestAt === null ? '–' : `${ago(queue.oldestAt)} (${moment(queue.oldestAt)})`],
          [t('queue.refused'), number(queue.dropped.refused)],
        ]}
      />
      <progress aria-label={t('queue.size')} max={queue.maxBytes} value={queue.bytes} />
      {pools.length > 0 && (
        <Table<Status['pools'][number]>
          {...{ label: t('lanes'), rows: pools, columns: LANES() }}
          keyOf={({ kind, name }) => `${kind}.${name}`}
          empty={null}
        />
      )}
    </section>
  )
}

const LANES = (): Column<Status['pools'][number]>[] => [
  { title: t('lane'), cell: ({ kind, name }) => `${kind}.${name}` },
  { title: t('state'), cell: ({ mode }) => <Badge state={mode} /> },
  { title: t('lane.cursor'), cell: ({ cursor }) => number(cursor), wide: true },
  { title: t('pool.waits'), cell: ({ lag }) => `${number(lag.events)}, ${bytes(lag.bytes)}` },
]

const columnsOf = (show: (id: number) => void): Column<Letter>[] => [
  {
    title: 'ID',
    width: '5rem',
    text: ({ id }) => String(id),
    cell: ({ id }) => (
      <button type="button" class="link" onClick={() => show(id)}>
        {id}
      </button>
    ),
  },
  { title: t('lane'), text: ({ pool }) => pool, cell: ({ pool }) => pool, wide: true },
  { title: t('message.at'), text: ({ at }) => moment(at), cell: ({ at }) => ago(at), width: '6rem', wide: true },
  {
    title: t('dead.why'),
    width: 'minmax(0, 3fr)',
    text: ({ code, message }) => `${code} ${message}`,
    cell: ({ code, message }) => (
      <>
        <code>{code}</code> {message}
      </>
    ),
  },
]

interface WholeLetter extends Letter {
  readonly event: Readonly<Record<string, unknown>>
  readonly action: string
}

function LetterDialog({ id, close, changed }: { id: number; close: () => void; changed: () => void }) {
  const { result, fault } = useRead<WholeLetter>('dead show', { id })
  const done = (): void => {
    close()
    changed()
  }
  return (
    <Dialog title={t('dead.one', { id })} close={close}>
      <FaultBox fault={fault} />
      {result && (
        <>
          <Facts
            facts={[
              [t('lane'), result.pool],
              [t('message.at'), moment(result.at)],
              [t('dead.why'), `${result.code} ${result.message}`],
              [t('dead.operation'), <pre key="operation">{result.operation}</pre>],
              [t('dead.action'), <pre key="action">{result.action}</pre>],
              [t('dead.event'), <pre key="event">{JSON.stringify(result.event, null, 2)}</pre>],
            ]}
          />
          <div class="buttons">
            <button type="button" onClick={close}>
              {t('action.close')}
            </button>
            <Action command="dead drop" values={{ id }} label={t('dead.drop')} look="danger" done={done} />
            <Action command="dead retry" values={{ id }} label={t('dead.retry')} look="primary" done={done} />
          </div>
        </>
      )}
    </Dialog>
  )
}
