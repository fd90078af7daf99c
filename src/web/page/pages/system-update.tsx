// Updates: what runs and how a newer version comes; of an image its slots, a bundle brought and installed, its trial ended or taken back.

import { useState } from 'preact/hooks'
import { ask, type Fault, faultOf, uploadPieces } from '../api.ts'
import { bytes, moment } from '../format.ts'
import { Action, askFor } from '../parts/action.tsx'
import { Facts } from '../parts/facts.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { useRead } from '../parts/use-read.ts'
import { said } from '../said.ts'
import { t } from '../texts.ts'

const SOON_MS = 1000

interface Image {
  readonly booted: string | null
  readonly next: string | null
  readonly onTrial: boolean
  readonly slots: readonly {
    readonly slot: string
    readonly version: string | null
    readonly state: 'good' | 'bad' | 'unfinished' | 'never installed'
    readonly installedAt: string | null
  }[]
  readonly installing: { readonly percent: number; readonly step: string } | null
  readonly lastError: string | null
  readonly brought: string | null
}

interface Status {
  readonly version: string
  readonly installed: 'package' | 'binary' | 'sources' | 'image'
  readonly program: string
  readonly next: string
  readonly image?: Image
}

export function Update() {
  const [goesOn, setGoesOn] = useState(false)
  const { result, fault, again } = useRead<Status>('update status', {}, goesOn ? SOON_MS : 0)
  if (result && goesOn !== Boolean(result.image?.installing)) setGoesOn(!goesOn)
  if (!result) return fault ? <FaultBox fault={fault} /> : <p class="loading">{t('loading')}</p>
  const { version, installed, program, next, image } = result
  return (
    <>
      <section class="card">
        <h2>{t('update.runs')}</h2>
        <Facts
          facts={[
            [t('system.version'), version],
            [t('update.installed'), `${t(`update.${installed}`)}${image ? '' : ` (${program})`}`],
          ]}
        />
        {!image && <p class="hint">{said(next)}</p>}
      </section>
      {image && <Slots image={image} again={again} />}
      {image && !image.installing && <Bring brought={image.brought} again={again} />}
    </>
  )
}

function Slots({ image, again }: { image: Image; again: () => void }) {
  const { booted, next, onTrial, slots, installing, lastError } = image
  const isLeaving = next !== null && booted !== next && !installing
  const about = (slot: string, state: Image['slots'][number]['state']): string =>
    [
      t(`update.${state === 'never installed' ? 'never' : state}`),
      ...(slot === booted ? [t('update.slot.runs')] : []),
      ...(slot === next ? [t('update.slot.next')] : []),
    ].join(', ')
  return (
    <section class="card">
      <h2>{t('update.slots')}</h2>
      <Facts
        facts={slots.map(({ slot, version, state, installedAt }) => [
          t('update.slot', { slot }),
          <>
            <strong>{version ?? '–'}</strong> {about(slot, state)}
            {installedAt && <span class="hint"> {moment(Date.parse(installedAt))}</span>}
          </>,
        ])}
      />
      {installing && (
        <p role="status">
          {t('update.installing')}: {installing.percent} % <span class="hint">{said(installing.step)}</span>
          <progress aria-label={t('update.installing')} max={100} value={installing.percent} />
        </p>
      )}
      {lastError !== null && (
        <div class="fault">
          <p>
            {t('update.failed')} {said(lastError)}
          </p>
        </div>
      )}
      {onTrial && <p class="warning">{t('update.trial')}</p>}
      {isLeaving && <p class="warning">{t('update.reboot')}</p>}
      {!installing && (
        <div class="buttons">
          {onTrial && (
            <Action command="update confirm" values={{}} label={t('update.confirm')} look="primary" done={again} />
          )}
          {isLeaving && <Action command="reboot" values={{}} label={t('machine.reboot')} look="primary" />}
          <Action command="update rollback" values={{}} label={t('update.rollback')} done={again} />
        </div>
      )}
    </section>
  )
}

interface Coming {
  readonly file: string
  readonly part: number
  readonly whole: number
}

const pathOf = (file: string): string => `/updates/${encodeURIComponent(file)}`

function Bring({ brought, again }: { brought: string | null; again: () => void }) {
  const [coming, setComing] = useState<Coming | null>(null)
  const [fault, setFault] = useState<Fault | null>(null)
  const install = (file: string): void =>
    askFor({ command: 'update install', values: { file }, label: t('update.install'), done: again })
  const act = async (what: () => Promise<unknown>): Promise<void> => {
    setFault(null)
    await what().catch((error) => setFault(faultOf(error)))
    setComing(null)
    again()
  }
  const bring = async (file: File): Promise<void> => {
    const { name, size } = file
    setComing({ file: name, part: 0, whole: size })
    await uploadPieces(pathOf(name), file, (part) => setComing({ file: name, part, whole: size }))
    install(name)
  }
  return (
    <section class="card">
      <h2>{t('update.bring')}</h2>
      <p class="hint">{t('update.bring.hint')}</p>
      {brought !== null && !coming && (
        <>
          <p>{t('update.brought', { file: brought })}</p>
          <div class="buttons">
            <button type="button" class="primary" onClick={() => install(brought)}>
              {t('update.install')}
            </button>
            <button type="button" onClick={() => act(() => ask('DELETE', pathOf(brought)))}>
              {t('update.drop')}
            </button>
          </div>
        </>
      )}
      {coming ? (
        <p role="status">
          {t('update.coming', { file: coming.file, part: bytes(coming.part), whole: bytes(coming.whole) })}
          <progress aria-label={t('update.bring')} max={coming.whole} value={coming.part} />
        </p>
      ) : (
        <div class="field">
          <label>
            {t('update.file')}
            <input
              {...{ type: 'file', accept: '.raucb' }}
              onChange={({ currentTarget }) => {
                const [file] = currentTarget.files ?? []
                if (file) void act(() => bring(file))
                currentTarget.value = ''
              }}
            />
          </label>
        </div>
      )}
      <FaultBox fault={fault} />
    </section>
  )
}
