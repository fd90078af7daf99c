// The gateway anew, the machine anew, or all of it as it was shipped.

import { useState } from 'preact/hooks'
import { has } from '../declared.ts'
import { Action } from '../parts/action.tsx'
import { Check } from '../parts/field.tsx'
import { t } from '../texts.ts'

export function Restart() {
  const [keepQueue, setKeepQueue] = useState(true)
  return (
    <>
      {(['restart', 'reboot'] as const).filter(has).map((command) => (
        <section key={command} class="card">
          <h2>{t(`machine.${command}`)}</h2>
          <p class="hint">{t(`machine.${command}.what`)}</p>
          <div class="buttons">
            <Action command={command} values={{}} label={t(`machine.${command}`)} />
          </div>
        </section>
      ))}
      {has('factory-reset') && (
        <section class="card">
          <h2>{t('machine.reset')}</h2>
          <p class="hint">{t('machine.reset.what')}</p>
          <Check label={t('machine.reset.keep')} value={keepQueue} change={setKeepQueue} />
          <div class="buttons">
            <Action command="factory-reset" values={{ keepQueue }} label={t('machine.reset')} look="danger" />
          </div>
        </section>
      )}
    </>
  )
}
