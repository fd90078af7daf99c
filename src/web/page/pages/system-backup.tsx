// Backups: made, taken home, brought, put back.

import { useState } from 'preact/hooks'
import { download, type Fault, faultOf, upload } from '../api.ts'
import { ago, bytes } from '../format.ts'
import { Action, Progress } from '../parts/action.tsx'
import { Empty } from '../parts/empty.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Check } from '../parts/field.tsx'
import { tell } from '../parts/toast.tsx'
import { useRead } from '../parts/use-read.ts'
import { t } from '../texts.ts'

interface Kept {
  readonly file: string
  readonly bytes: number
  readonly at: string
}

/** Of a phone's browser; what is larger it fetches by itself, and can't ask for the password before. */
const MOST_IN_MEMORY = 64e6
const TYPE = 'application/gzip'
const pathOf = (file: string): string => `/backups/${encodeURIComponent(file)}`

export function Backups() {
  const { result, fault, again } = useRead<Kept[]>('backups')
  const [queue, setQueue] = useState(false)
  return (
    <section class="card">
      <p class="hint">{t('backup.what')}</p>
      <FaultBox fault={fault} />
      {result?.length === 0 && (
        <Empty title={t('backup.none')}>
          <p>{t('backup.none.next')}</p>
        </Empty>
      )}
      <ul class="plain lines">
        {result?.map((one) => (
          <Line key={one.file} {...one} queue={queue} again={again} />
        ))}
      </ul>
      <Check label={t('backup.queue')} value={queue} change={setQueue} />
      <div class="buttons">
        <Action command="backup" values={{ queue }} label={t('backup.make')} look="primary" done={again} />
      </div>
      <Bring done={again} />
    </section>
  )
}

function Line({ file, bytes: size, at, queue, again }: Kept & { queue: boolean; again: () => void }) {
  const busy = useBusy()
  const takeHome = async (): Promise<void> => {
    const link = document.createElement('a')
    link.download = file
    link.href = size > MOST_IN_MEMORY ? `/api/v1${pathOf(file)}` : URL.createObjectURL(await download(pathOf(file)))
    link.click()
    URL.revokeObjectURL(link.href)
    tell(t('backup.taken', { file }))
  }
  const values = { file }
  return (
    <li>
      <span>
        {file}{' '}
        <span class="hint">
          {bytes(size)}, {t('ago', { time: ago(at) })}
        </span>
      </span>
      <span class="buttons">
        <button type="button" aria-label={`${t('backup.take')} ${file}`} onClick={() => busy.act(takeHome)}>
          {t('backup.take')}
        </button>
        <Action
          {...{
            command: 'restore',
            values: { file, queue },
            label: t('backup.restore'),
            name: `${t('backup.restore')} ${file}`,
          }}
          done={again}
        />
        <Action
          {...{ command: 'backup remove', values, label: t('remove'), name: `${t('remove')} ${file}` }}
          look="danger"
          done={again}
        />
      </span>
      {busy.shown}
    </li>
  )
}

function Bring({ done }: { done: () => void }) {
  const busy = useBusy()
  const bring = async (file: File): Promise<void> => {
    await upload(pathOf(file.name), file, TYPE)
    tell(t('backup.brought', { file: file.name }))
    done()
  }
  return (
    <div class="field">
      <label class="button">
        {t('backup.bring')} …
        <input
          {...{ type: 'file', class: 'unseen', accept: '.gz,.tgz' }}
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? []
            if (file) void busy.act(() => bring(file))
            currentTarget.value = ''
          }}
        />
      </label>
      <p class="hint">{t('backup.bring.hint')}</p>
      {busy.shown}
    </div>
  )
}

/** Shows that it goes on, and what went wrong. */
function useBusy() {
  const [since, setSince] = useState<number | null>(null)
  const [fault, setFault] = useState<Fault | null>(null)
  const act = async (what: () => Promise<void>): Promise<void> => {
    setSince(Date.now())
    setFault(null)
    await what().catch((error) => setFault(faultOf(error)))
    setSince(null)
  }
  const shown = (
    <>
      {since !== null && <Progress since={since} />}
      <FaultBox fault={fault} />
    </>
  )
  return { act, shown }
}
