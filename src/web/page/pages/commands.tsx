// Every command that the gateway has: no face knows more than another.

import { useState } from 'preact/hooks'
import { useCell } from '../cell.ts'
import { type Declared, declared } from '../declared.ts'
import { CommandForm } from '../parts/command-form.tsx'
import { Empty } from '../parts/empty.tsx'
import { Filter } from '../parts/table.tsx'
import { said } from '../said.ts'
import { t } from '../texts.ts'

export function Commands() {
  const all = useCell(declared) ?? []
  const [wanted, setWanted] = useState('')
  const found = all.filter(({ name, summary }) =>
    `${name} ${summary} ${said(summary)}`.toLowerCase().includes(wanted.toLowerCase()),
  )
  return (
    <>
      <p class="hint">{t('commands.hint')}</p>
      <Filter value={wanted} change={setWanted} found={found.length} all={all.length} />
      {found.length === 0 && <Empty title={t('result.none')} />}
      {found.map((command) => (
        <CommandCard key={command.name} command={command} />
      ))}
    </>
  )
}

export function CommandCard({ command }: { command: Declared }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details class="card fold" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <code>{command.usage}</code> <span class="hint">{said(command.summary)}</span>
      </summary>
      {isOpen && (
        <>
          {command.help && <p class="hint">{said(command.help)}</p>}
          <CommandForm command={command} />
        </>
      )}
    </details>
  )
}
