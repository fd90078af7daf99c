// Keys and their values, as a commit would have them.

import { useState } from 'preact/hooks'
import type { ShownEntry } from '../../../gateway/config/text.ts'
import { run } from '../api.ts'
import { Action } from '../parts/action.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Empty } from '../parts/empty.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { tell } from '../parts/toast.tsx'
import { useRead } from '../parts/use-read.ts'
import { said } from '../said.ts'
import { t } from '../texts.ts'
import type { ConfigFault, PartProps } from './configuration.tsx'
import { FaultList } from './configuration-faults.tsx'

export function Keys({ take, changed }: PartProps) {
  const { result, fault, again } = useRead<ShownEntry[]>('config show', { all: true })
  const [edited, setEdited] = useState<ShownEntry | null>(null)
  const done = (): void => {
    setEdited(null)
    again()
    changed()
  }
  return (
    <section class="card">
      <FaultBox fault={fault} />
      {result && (
        <Table<ShownEntry>
          {...{ label: t('config.keys'), rows: result, columns: columnsOf(setEdited), filter: true }}
          keyOf={({ key, file, line }) => `${file} ${line} ${key}`}
          empty={<Empty title={t('result.none')} />}
        />
      )}
      {edited && <KeyDialog entry={edited} take={take} close={() => setEdited(null)} done={done} />}
    </section>
  )
}

const columnsOf = (edit: (entry: ShownEntry) => void): Column<ShownEntry>[] => [
  {
    title: t('config.key'),
    width: 'minmax(0, 1.4fr)',
    text: ({ key, doc }) => `${key}\n${said(doc)}`,
    cell: (entry) => (
      <button type="button" class="link" onClick={() => edit(entry)}>
        {entry.key}
      </button>
    ),
  },
  {
    title: t('config.value'),
    text: ({ value }) => value ?? '',
    cell: ({ value, line, changed }) => (
      <>
        {changed && <span class="badge warn">{t('config.changed')}</span>}{' '}
        <code class={line === null ? 'dim' : ''}>{value ?? '–'}</code>
      </>
    ),
  },
  {
    title: t('config.doc'),
    width: 'minmax(0, 1.5fr)',
    text: ({ doc }) => said(doc),
    cell: ({ doc }) => said(doc),
    wide: true,
  },
]

interface KeyDialogProps {
  readonly entry: ShownEntry
  readonly take: PartProps['take']
  readonly close: () => void
  readonly done: () => void
}

function KeyDialog({ entry, take, close, done }: KeyDialogProps) {
  const { key, doc, line, file, counts } = entry
  const [value, setValue] = useState(entry.value ?? '')
  const [faults, setFaults] = useState<readonly ConfigFault[]>([])
  const act = async (): Promise<void> => {
    const { result } = await run<{ faults: ConfigFault[] }>('config set', { key, value, ...take })
    setFaults(result.faults)
    if (result.faults.length > 0) return
    tell(t('config.set', { key }))
    done()
  }
  return (
    <Dialog title={key} close={close}>
      {doc && <p>{said(doc)}</p>}
      <p class="hint">
        {line === null ? t('config.default', { value: entry.default ?? '–' }) : `${file}:${line}`} ·{' '}
        {t(counts === 'now' ? 'config.countsNow' : 'config.countsAtStart')}
      </p>
      <Form
        submit={t('config.toCandidate')}
        act={act}
        beside={
          <>
            <button type="button" onClick={close}>
              {t('action.cancel')}
            </button>
            {line !== null && (
              <Action command="config unset" values={{ key, ...take }} label={t('config.unset')} done={done} />
            )}
          </>
        }
      >
        <Field label={t('config.value')} value={value} change={setValue} autofocus />
      </Form>
      <FaultList faults={faults} />
    </Dialog>
  )
}
