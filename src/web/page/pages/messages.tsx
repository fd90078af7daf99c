// What the journal holds of a topic, also as it comes; what is retained, and what is subscribed to.

import { useState } from 'preact/hooks'
import { bytes, moment, number } from '../format.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Empty } from '../parts/empty.tsx'
import { Facts } from '../parts/facts.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Check, Field } from '../parts/field.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { useFollow } from '../parts/use-follow.ts'
import { LIST_MS, useRead } from '../parts/use-read.ts'
import { type TextKey, t } from '../texts.ts'

const MOST = 200

interface Message {
  readonly seq: number
  readonly at: string
  readonly id: string
  readonly clientid: string
  readonly topic?: string
  readonly payload?: string
  readonly qos?: number
  readonly retain?: boolean
}

export function Messages() {
  const [written, setWritten] = useState('#')
  const [topic, setTopic] = useState('#')
  const [since, setSince] = useState('')
  const [isLive, setLive] = useState(true)
  const [shown, setShown] = useState<Message | null>(null)
  const values = { topic, since, limit: MOST }
  const coming = useFollow<Message>('messages', values, { most: MOST, goesOn: isLive })
  const once = useRead<Message[]>(isLive ? null : 'messages', values)
  const items = isLive ? coming.items : once.result
  const choose = (next: string): void => {
    setWritten(next)
    setTopic(next)
  }
  return (
    <>
      <section class="card">
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault()
            setTopic(written || '#')
          }}
        >
          <Field label={t('messages.topic')} value={written} change={setWritten} />
          <Field label={t('messages.since')} value={since} change={setSince} />
          <Check label={t('messages.live')} value={isLive} change={setLive} />
          <button type="submit" class="primary">
            {t('command.show')}
          </button>
        </form>
        <FaultBox fault={isLive ? coming.fault : once.fault} />
        {items && (
          <Table<Message>
            {...{ label: t('messages'), rows: items.toReversed(), columns: columnsOf(setShown), filter: true }}
            keyOf={({ seq }) => String(seq)}
            empty={
              <Empty title={t('messages.none')}>
                <p>{t('messages.none.next')}</p>
              </Empty>
            }
          />
        )}
      </section>
      <Topics choose={choose} />
      {shown && <MessageDialog message={shown} close={() => setShown(null)} />}
    </>
  )
}

const columnsOf = (show: (message: Message) => void): Column<Message>[] => [
  { title: t('message.at'), text: ({ at }) => moment(at), cell: ({ at }) => moment(at), width: '11rem', wide: true },
  {
    title: t('message.topic'),
    width: 'minmax(0, 1.2fr)',
    text: ({ topic = '' }) => topic,
    cell: (message) => (
      <button type="button" class="link" onClick={() => show(message)}>
        {message.topic}
      </button>
    ),
  },
  {
    title: t('message.payload'),
    width: 'minmax(0, 1.2fr)',
    text: ({ payload = '' }) => payload.slice(0, 300),
    cell: ({ payload = '' }) => <code>{payload.slice(0, 120)}</code>,
  },
  { title: t('message.from'), text: ({ clientid }) => clientid, cell: ({ clientid }) => clientid, wide: true },
]

function MessageDialog({ message, close }: { message: Message; close: () => void }) {
  const { payload = '', ...facts } = message
  return (
    <Dialog title={message.topic ?? ''} close={close}>
      <pre>{payload}</pre>
      <Facts facts={Object.entries(facts).map(([key, value]) => [labelOf(key), shown(key, value)] as const)} />
      <div class="buttons">
        <button type="button" onClick={close}>
          {t('action.close')}
        </button>
      </div>
    </Dialog>
  )
}

const LABELS: Readonly<Record<string, TextKey>> = {
  ...{ seq: 'dead.event', at: 'message.at', clientid: 'message.from', topic: 'message.topic', username: 'client.user' },
  ...{ peerhost: 'client.address', retain: 'message.retain' },
}

/** The same in every language. */
const NAMES: Readonly<Record<string, string>> = { id: 'Id', qos: 'QoS' }

function labelOf(key: string): string {
  const text = LABELS[key]
  return text === undefined ? (NAMES[key] ?? key) : t(text)
}

const shown = (key: string, value: unknown): string =>
  typeof value === 'boolean' ? t(value ? 'yes' : 'no') : key === 'at' ? moment(String(value)) : String(value)

interface TopicsFound {
  readonly filters: number
  readonly retainedTopics: number
  readonly subscribed: readonly { filter: string; subscribers: number }[]
  readonly retained: readonly { topic: string; bytes: number; qos: number; from: string; at: string }[]
}

function Topics({ choose }: { choose: (topic: string) => void }) {
  const { result, fault } = useRead<TopicsFound>('topics', { limit: 10_000 }, LIST_MS)
  const link = (topic: string) => (
    <button type="button" class="link" onClick={() => choose(topic)}>
      {topic}
    </button>
  )
  if (!result) return <FaultBox fault={fault} />
  return (
    <>
      <section class="card">
        <h2>{t('topics.retained', { count: number(result.retainedTopics) })}</h2>
        <Table<TopicsFound['retained'][number]>
          {...{ label: t('topics.retained', { count: '' }), rows: result.retained, keyOf: ({ topic }) => topic }}
          filter
          columns={[
            { title: t('message.topic'), text: ({ topic }) => topic, cell: ({ topic }) => link(topic) },
            { title: t('size'), cell: (row) => bytes(row.bytes), width: '6rem' },
            { title: t('message.from'), cell: ({ from }) => from, text: ({ from }) => from, wide: true },
            { title: t('message.at'), cell: ({ at }) => moment(at), width: '11rem', wide: true },
          ]}
          empty={
            <Empty title={t('topics.retained.none')}>
              <p>{t('topics.retained.none.next')}</p>
            </Empty>
          }
        />
      </section>
      <section class="card">
        <h2>{t('topics.subscribed', { count: number(result.filters) })}</h2>
        <Table<TopicsFound['subscribed'][number]>
          {...{ label: t('topics.subscribed', { count: '' }), rows: result.subscribed, keyOf: ({ filter }) => filter }}
          filter
          columns={[
            { title: t('topic.filter'), text: ({ filter }) => filter, cell: ({ filter }) => link(filter) },
            { title: t('topic.subscribers'), cell: ({ subscribers }) => number(subscribers), width: '8rem' },
          ]}
          empty={
            <Empty title={t('topics.subscribed.none')}>
              <p>{t('topics.subscribed.none.next')}</p>
            </Empty>
          }
        />
      </section>
    </>
  )
}
