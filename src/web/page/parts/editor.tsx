// The editor of a file: completion, faults at their places. What it is made of is loaded when it is opened; it lives in a
// shadow tree, where its style sheets need no exception from the page's policy.

import type { EditorView } from '@codemirror/view'
import { useEffect, useRef } from 'preact/hooks'
import { useCell } from '../cell.ts'
import type { ConfigFault } from '../pages/configuration.tsx'
import { t } from '../texts.ts'
import { theme } from '../theme.ts'

export interface EditorProps {
  readonly label: string
  /** When it is another, the editor begins with it anew. */
  readonly text: string
  readonly change: (text: string) => void
  /** Ctrl+S. */
  readonly save: () => void
  readonly faults: readonly ConfigFault[]
  readonly keys: readonly { readonly label: string; readonly info: string }[]
  /** To begin at. */
  readonly line?: number | undefined
}

export function Editor(props: EditorProps) {
  const box = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const newest = useRef(props)
  newest.current = props
  const { text, faults, label } = props
  useCell(theme)
  // a new editor for another file only
  useEffect(() => {
    let over = false
    void import('./code-editor.ts').then(({ openEditor, showFaults }) => {
      if (over || !box.current) return
      const root = box.current.shadowRoot ?? box.current.attachShadow({ mode: 'open' })
      view.current = openEditor(root, () => newest.current)
      showFaults(view.current, newest.current.faults)
    })
    return () => {
      over = true
      view.current?.destroy()
      view.current = null
    }
  }, [label])
  useEffect(() => {
    const now = view.current
    if (now && now.state.doc.toString() !== text) {
      now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: text } })
    }
  }, [text])
  useEffect(() => {
    if (view.current) void import('./code-editor.ts').then(({ showFaults }) => showFaults(view.current!, faults))
  }, [faults])
  return <div class="editor" ref={box} data-loading={t('loading')} />
}
