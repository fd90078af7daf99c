// The gateway itself: storage, clock, listeners; its log; what else the board can do.

import { useCell } from '../cell.ts'
import { declared } from '../declared.ts'
import { bytes, duration, moment, number } from '../format.ts'
import { live, type Status } from '../live.ts'
import { Facts } from '../parts/facts.tsx'
import { type Part, Parts } from '../parts/parts.tsx'
import { Table } from '../parts/table.tsx'
import { t } from '../texts.ts'
import { CommandCard } from './commands.tsx'
import { Log } from './log.tsx'
import { Backups } from './system-backup.tsx'
import { Restart } from './system-restart.tsx'
import { Update } from './system-update.tsx'

/** First words of the commands that belong here, where there are some. */
const HERE = ['network', 'clock', 'selftest', 'reload']

const PARTS: readonly Part[] = [
  { name: 'state', title: 'state', Body: State },
  { name: 'log', title: 'log', Body: Log, needs: 'log tail' },
  { name: 'backup', title: 'backup', Body: Backups, needs: 'backups' },
  { name: 'update', title: 'update', Body: Update, needs: 'update status' },
  { name: 'restart', title: 'restart', Body: Restart, needs: 'restart' },
]

export const System = () => <Parts page="system" title="system" parts={PARTS} />

function State() {
  const now = useCell(live)
  const commands = (useCell(declared) ?? []).filter(({ name }) => HERE.includes(name.split(' ')[0]!))
  if (!now) return <p class="loading">{t('loading')}</p>
  return (
    <>
      <Gateway status={now.status} />
      <Storage status={now.status} />
      <Listeners status={now.status} />
      <h2>{t('system.commands')}</h2>
      {commands.map((command) => (
        <CommandCard key={command.name} command={command} />
      ))}
    </>
  )
}

function Gateway({ status: { version, node, uptimeMs, clock, access } }: { status: Status }) {
  return (
    <section class="card">
      <h2>{t('system.gateway')}</h2>
      <Facts
        facts={[
          [t('system.version'), version],
          [t('system.node'), node],
          [t('system.uptime'), duration(uptimeMs)],
          [t('clock'), `${t(clock.trusted ? 'clock.set' : 'clock.notSet')} (${t(`clock.source.${clock.source}`)})`],
          [t('system.here'), moment(Date.now())],
          [
            t('system.users'),
            `${number(access.users)}, ${t(access.anonymous ? 'system.anonymous' : 'system.noAnonymous')}`,
          ],
          [t('system.denied'), number(Object.values(access.denied).reduce((sum, count) => sum + count, 0))],
        ]}
      />
      {access.anonymous && <p class="warning">{t('system.anonymous.next')}</p>}
    </section>
  )
}

function Storage({ status: { storage, queue, uptimeMs } }: { status: Status }) {
  const perDay = (storage.writtenBytes / uptimeMs) * 86_400_000
  const meanMs = storage.commits === 0 ? 0 : storage.commitMs.sum / storage.commits
  return (
    <section class="card">
      <h2>{t('system.storage')}</h2>
      <Facts
        facts={[
          [t('disk.free'), bytes(storage.freeBytes)],
          [t('queue.size'), t('queue.of', { bytes: bytes(queue.bytes), most: bytes(queue.maxBytes) })],
          [t('storage.perEvent'), storage.bytesPerEvent === null ? '–' : bytes(storage.bytesPerEvent)],
          [t('storage.written'), `${bytes(storage.writtenBytes)} (${t('storage.perDay', { bytes: bytes(perDay) })})`],
          [t('storage.commits'), t('storage.commits.of', { count: number(storage.commits), ms: number(meanMs, 1) })],
          [t('storage.worst'), `${number(storage.commitMs.max, 1)} ms`],
          [t('storage.journal'), storage.journal],
        ]}
      />
      {storage.salvaged && (
        <p class="warning">
          {t('trouble.salvaged', { lost: storage.salvaged.lost })} <code>{storage.salvaged.movedTo}</code>
        </p>
      )}
    </section>
  )
}

function Listeners({ status: { listeners } }: { status: Status }) {
  return (
    <section class="card">
      <h2>{t('system.listeners')}</h2>
      <Table<Status['listeners'][number]>
        {...{ label: t('system.listeners'), rows: listeners, keyOf: ({ name }) => name, empty: null }}
        columns={[
          { title: t('name'), cell: ({ name }) => name },
          { title: t('client.address'), cell: ({ host, port }) => `${host}:${port}` },
          { title: t('clients'), cell: (one) => `${number(one.clients)} / ${number(one.maxConnections)}` },
          {
            title: t('listener.certificate'),
            wide: true,
            cell: ({ certificate }) => (certificate ? t('listener.until', { at: moment(certificate.validTo) }) : '–'),
          },
        ]}
      />
    </section>
  )
}
