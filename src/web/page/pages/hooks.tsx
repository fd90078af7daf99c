// The backends and their hooks: which run, where they are edited, what they would make of an event.

import { has } from '../declared.ts'
import { number } from '../format.ts'
import { Action } from '../parts/action.tsx'
import { Empty } from '../parts/empty.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { useRead } from '../parts/use-read.ts'
import { linkTo } from '../place.ts'
import { t } from '../texts.ts'
import { HookTry } from './hook-try.tsx'

interface Plugin {
  readonly name: string
  readonly loaded: boolean
  readonly pools: readonly string[]
  readonly hooks: number
}

export function Hooks() {
  const { result, fault, again } = useRead<Plugin[]>('plugins list')
  return (
    <>
      <section class="card">
        <FaultBox fault={fault} />
        {result?.length === 0 && (
          <Empty title={t('hooks.none')}>
            <a href={linkTo('configuration', 'files')}>{t('config.files')}</a>
          </Empty>
        )}
        <ul class="plain lines">
          {result?.map(({ name, loaded, pools, hooks }) => (
            <li key={name}>
              <span>
                <a href={linkTo('configuration', `plugins/${name}.conf`)}>{name}</a>{' '}
                <span class="hint">{t('hooks.of', { hooks: number(hooks), pools: pools.join(', ') || '–' })}</span>
              </span>
              {loaded && <span class="badge good">{t('config.runs')}</span>}
              <Action
                {...{ command: loaded ? 'plugins unload' : 'plugins load', values: { name }, done: again }}
                {...{
                  label: t(loaded ? 'hooks.unload' : 'hooks.load'),
                  name: `${t(loaded ? 'hooks.unload' : 'hooks.load')} ${name}`,
                }}
              />
            </li>
          ))}
        </ul>
      </section>
      {has('hook try') && <HookTry />}
    </>
  )
}
