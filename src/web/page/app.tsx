// The frame: who one is, where one is, and the page that is there.

import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { slow } from './api.ts'
import { useCell } from './cell.ts'
import { declared, has } from './declared.ts'
import { isConnected, live } from './live.ts'
import { Access } from './pages/access.tsx'
import { Clients } from './pages/clients.tsx'
import { Commands } from './pages/commands.tsx'
import { Configuration } from './pages/configuration.tsx'
import { Hooks } from './pages/hooks.tsx'
import { Login } from './pages/login.tsx'
import { Messages } from './pages/messages.tsx'
import { Overview } from './pages/overview.tsx'
import { Pools } from './pages/pools.tsx'
import { Queue } from './pages/queue.tsx'
import { System } from './pages/system.tsx'
import { Wizard } from './pages/wizard.tsx'
import { ActionDialog } from './parts/action.tsx'
import { PasswordAgain } from './parts/again.tsx'
import { Choice } from './parts/field.tsx'
import { Toast } from './parts/toast.tsx'
import { linkTo, place } from './place.ts'
import { inWizard, logOut, session } from './session.ts'
import { LANGUAGES, type Language, language, speak, type TextKey, t } from './texts.ts'
import { dress, THEMES, theme } from './theme.ts'

interface Page {
  readonly name: string
  readonly title: TextKey
  readonly Body: ComponentType
  /** The command that it can't be without. */
  readonly needs?: string
}

const PAGES: readonly Page[] = [
  { name: '', title: 'overview', Body: Overview },
  { name: 'pools', title: 'pools', Body: Pools },
  { name: 'queue', title: 'queue', Body: Queue, needs: 'dead list' },
  { name: 'messages', title: 'messages', Body: Messages, needs: 'messages' },
  { name: 'clients', title: 'clients', Body: Clients, needs: 'clients' },
  { name: 'hooks', title: 'hooks', Body: Hooks, needs: 'plugins list' },
  { name: 'configuration', title: 'configuration', Body: Configuration, needs: 'config status' },
  { name: 'access', title: 'access', Body: Access, needs: 'operators' },
  { name: 'system', title: 'system', Body: System },
  { name: 'commands', title: 'commands', Body: Commands },
]

export function App() {
  const state = useCell(session)
  const wizard = useCell(inWizard)
  useCell(language)
  if (state === null) return <p class="loading">{t('loading')}</p>
  if (state.state === 'out') return <Login />
  return (
    <>
      {state.state === 'setup' || wizard ? <Wizard /> : <Frame name={state.name!} />}
      <PasswordAgain />
    </>
  )
}

function Frame({ name }: { name: string }) {
  const [first = ''] = useCell(place)
  useCell(declared)
  const pages = PAGES.filter(({ needs }) => needs === undefined || has(needs))
  const page = pages.find((one) => one.name === first) ?? pages[0]!
  const title = t(page.title)
  const heading = useRef<HTMLHeadingElement>(null)
  const arrived = useRef(false)
  // on each arrival
  useEffect(() => {
    document.title = `${title} – Holdfast`
    if (arrived.current) heading.current?.focus()
    arrived.current = true
  }, [page.name])
  useKeys(pages)
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')!.focus()}>
        {t('skip')}
      </button>
      <Head name={name} />
      <Places pages={pages} at={page.name} />
      <main id="main" tabIndex={-1}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <page.Body key={page.name} />
      </main>
      <ActionDialog />
      <Toast />
    </>
  )
}

/** Ctrl+K: every command; `/`: the page's filter; g and a digit: a page. */
function useKeys(pages: readonly Page[]): void {
  const names = pages.map(({ name }) => name).join()
  useEffect(() => {
    let afterG = false
    const pressed = (event: KeyboardEvent): void => {
      const { key, ctrlKey, metaKey, altKey } = event
      const [target] = event.composedPath() // the editor's own, too, which the event itself hides
      const typing = (target as HTMLElement).closest('input, textarea, select, dialog, [contenteditable]')
      const goes = afterG
      afterG = false
      if ((ctrlKey || metaKey) && key === 'k') location.hash = linkTo('commands')
      else if (typing || ctrlKey || metaKey || altKey) return
      else if (key === '/') document.querySelector<HTMLInputElement>('main input[type=search]')?.focus()
      else if (key === 'g') afterG = true
      else if (goes && pages[Number(key) - 1]) location.hash = linkTo(pages[Number(key) - 1]!.name)
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [names])
}

function Head({ name }: { name: string }) {
  const now = useCell(live)
  const connected = useCell(isConnected)
  const isSlow = useCell(slow) > 0
  return (
    <header class="head">
      <a class="brand" href={linkTo('')}>
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>Holdfast</span>
      </a>
      <span class="node">{now?.status.node}</span>
      {connected && isSlow && (
        <span class="badge" role="status">
          {t('loading')}
        </span>
      )}
      {!connected && (
        <span class="badge bad" role="status">
          {t('offline')}
        </span>
      )}
      <Account name={name} />
    </header>
  )
}

/** It closes by Escape, by a press anywhere else, and on the way to another page. */
function Account({ name }: { name: string }) {
  const box = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    const close = (): void => {
      if (box.current) box.current.open = false
    }
    const pressed = ({ target }: Event): void => {
      if (!box.current?.contains(target as Node)) close()
    }
    const typed = ({ key }: KeyboardEvent): void => {
      if (key !== 'Escape' || !box.current?.open) return
      close()
      box.current.querySelector('summary')!.focus()
    }
    document.addEventListener('pointerdown', pressed)
    document.addEventListener('keydown', typed)
    addEventListener('hashchange', close)
    return () => {
      document.removeEventListener('pointerdown', pressed)
      document.removeEventListener('keydown', typed)
      removeEventListener('hashchange', close)
    }
  }, [])
  return (
    <details class="account" ref={box}>
      <summary>{name}</summary>
      <div>
        <Wishes />
        <button type="button" onClick={() => void logOut()}>
          {t('logout')}
        </button>
      </div>
    </details>
  )
}

/** Language and colours. */
export function Wishes() {
  const dressed = useCell(theme)
  const names = { en: 'English', de: 'Deutsch' } as const
  const languages = (Object.keys(LANGUAGES) as Language[]).map((one) => [one, names[one]] as const)
  return (
    <div class="wishes">
      <Choice label={t('language')} value={language.value} options={languages} change={speak} />
      <Choice
        label={t('theme')}
        value={dressed}
        options={THEMES.map((one) => [one, t(`theme.${one}`)] as const)}
        change={dress}
      />
    </div>
  )
}

function Places({ pages, at }: { pages: readonly Page[]; at: string }) {
  const [isOpen, setOpen] = useState(false)
  const current = pages.find(({ name }) => name === at)!
  return (
    <nav class={isOpen ? 'places open' : 'places'} aria-label={t('places')}>
      <button type="button" class="menu" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        ☰ {t(current.title)}
      </button>
      <ul>
        {pages.map(({ name, title }) => (
          <li key={name}>
            <a href={linkTo(name)} aria-current={name === at ? 'page' : undefined} onClick={() => setOpen(false)}>
              {t(title)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
