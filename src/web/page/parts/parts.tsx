// A page of several parts, each with an address of its own.

import type { ComponentType } from 'preact'
import { useCell } from '../cell.ts'
import { declared, has } from '../declared.ts'
import { place } from '../place.ts'
import { type TextKey, t } from '../texts.ts'
import { Tabs } from './tabs.tsx'

export interface Part {
  readonly name: string
  readonly title: TextKey
  readonly Body: ComponentType
  /** The command that it can't be without. */
  readonly needs?: string
}

interface PartsProps {
  /** Its word in addresses. */
  readonly page: string
  readonly title: TextKey
  readonly parts: readonly Part[]
}

export function Parts({ page, title, parts }: PartsProps) {
  const [, second] = useCell(place)
  useCell(declared)
  const there = parts.filter(({ needs }) => needs === undefined || has(needs))
  const part = there.find(({ name }) => name === second) ?? there[0]!
  return (
    <>
      <Tabs
        {...{ label: t(title), page, at: part.name }}
        tabs={there.map(({ name, title }) => ({ name, title: t(title) }))}
      />
      <part.Body key={part.name} />
    </>
  )
}
