// A state as a word, with a colour that says the same.

import type { TextKey } from '../texts.ts'
import { t } from '../texts.ts'

const LOOKS: Readonly<Record<string, 'good' | 'warn' | 'bad'>> = {
  up: 'good',
  live: 'good',
  connected: 'good',
  'catching up': 'warn',
  connecting: 'warn',
  waiting: 'warn',
  paused: 'warn',
  unconfigured: 'warn',
  down: 'bad',
  blocked: 'bad',
}

export const stateText = (state: string): string => t(`state.${state}` as TextKey)

export function Badge({ state }: { state: string }) {
  return <span class={`badge ${LOOKS[state] ?? ''}`}>{stateText(state)}</span>
}
