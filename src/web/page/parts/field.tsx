// A labelled input, with what it is for.

import { useId } from 'preact/hooks'
import { t } from '../texts.ts'

interface FieldProps {
  readonly label: string
  readonly value: string
  readonly change: (value: string) => void
  readonly hint?: string | undefined
  readonly type?: 'text' | 'password' | 'search'
  readonly required?: boolean
  readonly autocomplete?: string
  readonly minLength?: number
  readonly autofocus?: boolean
  readonly list?: readonly string[]
}

export function Field({ label, value, change, hint, list, minLength, autofocus, ...rest }: FieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        value={value}
        {...(rest as object)}
        {...(minLength !== undefined && { minLength })}
        {...((list && { list: `${id}-list` }) as object)}
        ref={(input) => {
          if (autofocus && input && !input.dataset.focused) {
            input.dataset.focused = 'yes'
            input.focus()
          }
        }}
        autocapitalize="off"
        spellcheck={false}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onInvalid={({ currentTarget }) => complain(currentTarget, minLength)}
        onInput={({ currentTarget }) => {
          currentTarget.setCustomValidity('')
          change(currentTarget.value)
        }}
      />
      {list && (
        <datalist id={`${id}-list`}>
          {list.map((word) => (
            <option key={word} value={word} />
          ))}
        </datalist>
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

/** The browser would say it in its own language. */
function complain(input: HTMLInputElement, least = 1): void {
  input.setCustomValidity(input.validity.valueMissing ? t('field.missing') : t('password.hint', { least }))
}

interface CheckProps {
  readonly label: string
  readonly value: boolean
  readonly change: (value: boolean) => void
}

export const Check = ({ label, value, change }: CheckProps) => (
  <label class="check">
    <input {...{ type: 'checkbox', checked: value }} onChange={({ currentTarget }) => change(currentTarget.checked)} />
    {label}
  </label>
)

interface ChoiceProps<T extends string> {
  readonly label: string
  readonly value: T
  readonly options: readonly (readonly [value: T, text: string])[]
  readonly change: (value: T) => void
  readonly hidden?: boolean
}

/** @param hidden the label is for readers only */
export function Choice<T extends string>({ label, value, options, change, hidden }: ChoiceProps<T>) {
  const id = useId()
  return (
    <div class="field">
      <label for={id} class={hidden ? 'unseen' : ''}>
        {label}
      </label>
      <select id={id} value={value} onChange={({ currentTarget }) => change(currentTarget.value as T)}>
        {options.map(([word, text]) => (
          <option key={word} value={word}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}
