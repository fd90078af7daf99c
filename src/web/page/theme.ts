// Light or dark: as the system has it, or as it was chosen here.

import { cell } from './cell.ts'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

function kept(): Theme {
  try {
    return THEMES.find((one) => one === localStorage.getItem('theme')) ?? 'auto'
  } catch {
    return 'auto' // storage is forbidden
  }
}

export const theme = cell<Theme>(kept())
const show = (): void => {
  document.documentElement.dataset.theme = theme.value
}
theme.follow(show)
show()

export function dress(next: Theme): void {
  try {
    localStorage.setItem('theme', next)
  } catch {} // then it is so until the page is closed
  theme.value = next
}
