// The files of the configuration, and the editor of one.

import { useEffect, useState } from 'preact/hooks'
import type { ShownEntry } from '../../../gateway/config/text.ts'
import { type Fault, faultOf, read, run } from '../api.ts'
import { useCell } from '../cell.ts'
import { has } from '../declared.ts'
import { bytes } from '../format.ts'
import { Editor } from '../parts/editor.tsx'
import { Empty } from '../parts/empty.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Table } from '../parts/table.tsx'
import { tell } from '../parts/toast.tsx'
import { useRead } from '../parts/use-read.ts'
import { linkTo, place } from '../place.ts'
import { said } from '../said.ts'
import { session } from '../session.ts'
import { t } from '../texts.ts'
import type { ConfigFault, PartProps } from './configuration.tsx'
import { FaultList, nameOf } from './configuration-faults.tsx'
import { HookTry } from './hook-try.tsx'

interface FileRow {
  readonly file: string
  readonly bytes: number
  readonly changed: boolean
}

/** Those that may be there, and are not always. */
const MORE = ['acl.conf', ...['redis', 'mysql', 'pgsql', 'mongo', 'cassa', 'dynamo', 'sqlite'].map(pluginFile)]

function pluginFile(kind: string): string {
  return `plugins/emqx_backend_${kind}.conf`
}

export function Files() {
  const { result, fault } = useRead<FileRow[]>('config files')
  const absent = MORE.filter((name) => !result?.some(({ file }) => file === name))
  return (
    <section class="card">
      <FaultBox fault={fault} />
      {result && (
        <Table<FileRow>
          {...{
            label: t('config.files'),
            rows: result,
            keyOf: ({ file }) => file,
            empty: <Empty title={t('result.none')} />,
          }}
          columns={[
            {
              title: t('config.file'),
              cell: ({ file, changed }) => (
                <>
                  <a href={linkTo('configuration', file)}>{file}</a>{' '}
                  {changed && <span class="badge warn">{t('config.changed')}</span>}
                </>
              ),
            },
            { title: t('size'), cell: (row) => bytes(row.bytes), width: '6rem', wide: true },
          ]}
        />
      )}
      {result && absent.length > 0 && (
        <p class="hint">
          {t('config.newFile')}{' '}
          {absent.map((name) => (
            <span key={name}>
              <a href={linkTo('configuration', name)}>{name}</a>{' '}
            </span>
          ))}
        </p>
      )}
    </section>
  )
}

/** What is typed and not in the candidate, by account and file: who comes back to it finds it. */
const unsaved = new Map<string, string>()
addEventListener('beforeunload', (event) => {
  if (unsaved.size > 0) event.preventDefault()
})

/** @param file below etc/; the third word of the place is a line */
export function ConfigFile({ file, take, changed }: PartProps & { file: string }) {
  const [, , line] = useCell(place)
  const mine = `${session.value?.name} ${file}`
  const [before, setBefore] = useState<string | null>(null)
  const [start, setStart] = useState('')
  const [text, setText] = useState('')
  const [faults, setFaults] = useState<readonly ConfigFault[]>([])
  const [fault, setFault] = useState<Fault | null>(null)
  const keys = useRead<ShownEntry[]>('config show', { all: true })
  useEffect(() => {
    load(file).then(
      ({ content, found }) => {
        const typed = unsaved.get(mine) ?? content
        setBefore(content)
        setStart(typed)
        setText(typed)
        setFaults(found)
        if (typed !== content) tell(t('config.unsaved', { file }))
      },
      (error) => setFault(faultOf(error)),
    )
  }, [file])
  const change = (typed: string): void => {
    setText(typed)
    if (typed === before) unsaved.delete(mine)
    else unsaved.set(mine, typed)
  }
  const put = async (): Promise<void> => {
    setFault(null)
    try {
      const { result } = await run<{ faults: ConfigFault[] }>('config file put', { file, content: text, ...take })
      setFaults(result.faults)
      setBefore(text)
      if (unsaved.get(mine) === text) unsaved.delete(mine)
      tell(t('config.put', { file, faults: result.faults.length }))
      changed()
    } catch (error) {
      setFault(faultOf(error))
    }
  }
  const isPlugin = file.startsWith('plugins/')
  return (
    <>
      <section class="card">
        <h2>{file}</h2>
        <FaultBox fault={fault} />
        {before !== null && keys.result && (
          <Editor
            {...{ label: file, text: start, change, save: put, faults }}
            keys={keys.result.map(({ key, doc }) => ({ label: key, info: said(doc) }))}
            line={line === undefined ? undefined : Number(line)}
          />
        )}
        <FaultList faults={faults} />
        <div class="buttons">
          <button type="button" class="primary" disabled={before === null || text === before} onClick={put}>
            {t('config.toCandidate')}
          </button>
          <a class="button" href={linkTo('configuration', 'changes')}>
            {t('config.changes')}
          </a>
        </div>
        <p class="hint">{t('config.editor.hint')}</p>
      </section>
      {isPlugin && has('hook try') && <HookTry />}
    </>
  )
}

/** A file that is not there is empty. */
async function load(file: string): Promise<{ content: string; found: ConfigFault[] }> {
  const content = await read<{ content: string }>('config file get', { file }).then(
    (answer) => answer.content,
    (error) => {
      if (faultOf(error).code === 'NO_SUCH_FILE') return ''
      throw error
    },
  )
  const { faults } = await read<{ faults: ConfigFault[] }>('config check')
  return { content, found: faults.filter((one) => nameOf(one.file) === file) }
}
