// The versions that are kept.

import { useState } from 'preact/hooks'
import { moment } from '../format.ts'
import { Action } from '../parts/action.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Empty } from '../parts/empty.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { useRead } from '../parts/use-read.ts'
import { linkTo } from '../place.ts'
import { t } from '../texts.ts'
import type { PartProps } from './configuration.tsx'
import { Diff } from './configuration-changes.tsx'

interface Version {
  readonly version: number
  readonly at: string
  readonly who: string
  readonly from: string
  readonly comment: string
  readonly runs: boolean
}

export function History({ take, changed }: PartProps) {
  const { result, fault } = useRead<Version[]>('config history')
  const [shown, setShown] = useState<Version | null>(null)
  const restored = (): void => {
    setShown(null)
    changed()
    location.hash = linkTo('configuration', 'changes')
  }
  return (
    <section class="card">
      <FaultBox fault={fault} />
      {result && (
        <Table<Version>
          {...{ label: t('config.history'), rows: result, columns: columnsOf(setShown), filter: true }}
          keyOf={({ version }) => String(version)}
          empty={<Empty title={t('result.none')} />}
        />
      )}
      {shown && (
        <Dialog title={t('config.version', { version: shown.version })} close={() => setShown(null)}>
          <p>
            {moment(shown.at)}, {shown.who} ({shown.from}) {shown.comment}
          </p>
          <VersionDiff version={shown.version} />
          <div class="buttons">
            <button type="button" onClick={() => setShown(null)}>
              {t('action.close')}
            </button>
            {!shown.runs && (
              <Action
                {...{ command: 'config restore', values: { version: shown.version, ...take }, done: restored }}
                {...{ label: t('config.restore'), look: 'primary' }}
              />
            )}
          </div>
        </Dialog>
      )}
    </section>
  )
}

function VersionDiff({ version }: { version: number }) {
  const { result, fault } = useRead<{ diff: string }>('config diff', { version })
  return (
    <>
      <FaultBox fault={fault} />
      {result && (result.diff === '' ? <p>{t('config.same')}</p> : <Diff text={result.diff} />)}
    </>
  )
}

const columnsOf = (show: (version: Version) => void): Column<Version>[] => [
  {
    title: t('config.version', { version: '' }),
    width: '4.5rem',
    text: ({ version }) => String(version),
    cell: (one) => (
      <button type="button" class="link" onClick={() => show(one)}>
        {one.version}
      </button>
    ),
  },
  { title: t('message.at'), text: ({ at }) => moment(at), cell: ({ at }) => moment(at), wide: true },
  {
    title: t('config.who'),
    text: ({ who, from }) => `${who} ${from}`,
    cell: ({ who }) => who,
    width: '7rem',
    wide: true,
  },
  {
    title: t('config.comment'),
    text: ({ comment }) => comment,
    cell: ({ comment, runs }) => (
      <>
        {runs && <span class="badge good">{t('config.runs')}</span>} {comment}
      </>
    ),
  },
]
