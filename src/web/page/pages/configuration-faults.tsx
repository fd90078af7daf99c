// Faults of files, each with its place.

import { linkTo } from '../place.ts'
import { said } from '../said.ts'
import type { ConfigFault } from './configuration.tsx'

/** The name of a file below etc/. */
export const nameOf = (file: string): string => /(?:plugins\/)?[^/]+$/.exec(file)![0]

export function FaultList({ faults }: { faults: readonly ConfigFault[] }) {
  if (faults.length === 0) return null
  return (
    <ul class="plain">
      {faults.map(({ file, line, column, severity, message, hint }) => (
        <li key={`${file}:${line}:${column} ${message}`} class={severity === 'error' ? 'fault' : 'warning'}>
          <a href={linkTo('configuration', nameOf(file), String(line))}>
            {nameOf(file)}:{line}:{column}
          </a>{' '}
          {said(message)} {hint && <span class="hint">({said(hint)})</span>}
        </li>
      ))}
    </ul>
  )
}
