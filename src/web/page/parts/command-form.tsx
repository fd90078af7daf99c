// A form of what a command declares, and what it answers.

import { useState } from 'preact/hooks'
import { read, run } from '../api.ts'
import type { Declared, DeclaredParameter } from '../declared.ts'
import { said } from '../said.ts'
import { t } from '../texts.ts'
import { askFor } from './action.tsx'
import { Check, Choice, Field } from './field.tsx'
import { Form } from './form.tsx'
import { Result } from './result.tsx'

export function CommandForm({ command }: { command: Declared }) {
  const { name, changes, parameters, columns } = command
  const [values, setValues] = useState<Readonly<Record<string, string | boolean>>>({})
  const [answer, setAnswer] = useState<{ result: unknown }>()
  const given = Object.fromEntries(
    parameters.flatMap(({ key, required }) => {
      const value = values[key]
      return value === undefined || value === false || (value === '' && !required) ? [] : [[key, value]]
    }),
  )
  const hasSecret = parameters.some(({ schema }) => schema?.format === 'password')
  const act = async (): Promise<void> => {
    if (changes) askFor({ command: name, values: given, label: name, done: (result) => setAnswer({ result }) })
    else if (hasSecret) setAnswer({ result: (await run(name, given)).result })
    else setAnswer({ result: await read(name, given) })
  }
  return (
    <>
      <Form submit={t(changes ? 'command.do' : 'command.show')} act={act}>
        {parameters.map((parameter) => (
          <ParameterField
            {...{ key: parameter.key, parameter, value: values[parameter.key] }}
            change={(value) => setValues({ ...values, [parameter.key]: value })}
          />
        ))}
      </Form>
      {answer && <Result result={answer.result} columns={columns} />}
    </>
  )
}

interface ParameterFieldProps {
  readonly parameter: DeclaredParameter
  readonly value: string | boolean | undefined
  readonly change: (value: string | boolean) => void
}

function ParameterField({ parameter, value = '', change }: ParameterFieldProps) {
  const { key, label, kind, required, schema } = parameter
  const doc = said(parameter.doc)
  if (kind === 'switch') {
    return (
      <div class="field">
        <Check label={doc} value={value === true} change={change} />
      </div>
    )
  }
  if (schema?.enum) {
    const words = schema.enum.map(String)
    const options = (required ? words : ['', ...words]).map((word) => [word, word || '–'] as const)
    if (required && value === '') change(words[0]!)
    return <Choice label={`${label} – ${doc}`} value={String(value)} options={options} change={change} />
  }
  if (key === 'content') {
    return (
      <div class="field">
        <label>
          {label}
          <textarea rows={8} value={String(value)} onInput={({ currentTarget }) => change(currentTarget.value)} />
        </label>
      </div>
    )
  }
  const isSecret = schema?.format === 'password'
  return (
    <Field
      {...{ label, hint: doc, required, value: String(value), change, type: isSecret ? 'password' : 'text' }}
      autocomplete={isSecret ? 'new-password' : 'off'}
    />
  )
}
