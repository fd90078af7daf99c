// Parts of a page, each with an address of its own.

import { linkTo } from '../place.ts'

interface TabsProps {
  readonly label: string
  /** The page's word in addresses. */
  readonly page: string
  readonly at: string
  readonly tabs: readonly { readonly name: string; readonly title: string }[]
}

export function Tabs({ label, page, at, tabs }: TabsProps) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ name, title }) => (
        <a key={name} href={linkTo(page, name)} aria-current={name === at ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  )
}
