// CodeMirror, as this page wants it.

import { autocompletion, type Completion, type CompletionContext, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { EditorState } from '@codemirror/state'
import { EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { FUNCTIONS } from '../../../model/binding.ts'
import { HOOKS } from '../../../model/event.ts'
import type { ConfigFault } from '../pages/configuration.tsx'
import { said } from '../said.ts'
import type { EditorProps } from './editor.tsx'

/** @param props always the newest */
export function openEditor(root: ShadowRoot, props: () => EditorProps): EditorView {
  const { text, label, line } = props()
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        highlightActiveLine(),
        lintGutter(),
        autocompletion({ override: [(context) => complete(context, props().keys)] }),
        keymap.of([
          { key: 'Mod-s', run: () => save(props()), preventDefault: true },
          ...[...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab],
        ]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label }),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) props().change(state.doc.toString())
        }),
        LOOK,
      ],
    }),
  })
  if (line !== undefined && line <= view.state.doc.lines) {
    const at = view.state.doc.line(Math.max(1, line)).from
    view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
    view.focus()
  }
  return view
}

function save({ save }: EditorProps): boolean {
  save()
  return true
}

export function showFaults(view: EditorView, faults: readonly ConfigFault[]): void {
  const { doc } = view.state
  const found = faults.map(({ line, column, severity, message, hint }): Diagnostic => {
    const { from, to } = doc.line(Math.min(Math.max(1, line), doc.lines))
    const at = Math.min(from + Math.max(0, column - 1), to)
    const word = /^[\w.${}-]+/.exec(doc.sliceString(at, to))?.[0].length ?? 1
    return {
      from: at,
      to: Math.min(at + word, to),
      severity,
      message: hint ? `${said(message)} (${said(hint)})` : said(message),
    }
  })
  view.dispatch(setDiagnostics(view.state, found))
}

/** In front of the =: keys and hooks; behind it: functions, parameters. */
function complete(context: CompletionContext, keys: EditorProps['keys']) {
  const { text, from } = context.state.doc.lineAt(context.pos)
  const before = text.slice(0, context.pos - from)
  const word = context.matchBefore(/[\w.]+/)
  if (!word && !context.explicit) return null
  const options = /=/.test(before) ? VALUES : [...keys.map(completion), ...hooksOf(before)]
  return { from: word?.from ?? context.pos, options, validFor: /^[\w.]*$/ }
}

const completion = ({ label, info }: { label: string; info: string }): Completion => ({
  ...{ label, type: 'property', ...(info && { info }) },
})

/** `backend.pgsql.` → its hooks. */
function hooksOf(before: string): Completion[] {
  const [prefix] = /^\s*(backend\.\w+\.)/.exec(before)?.slice(1) ?? []
  return prefix === undefined ? [] : HOOKS.map((hook) => ({ label: `${prefix}hook.${hook}.1`, type: 'keyword' }))
}

const VALUES: readonly Completion[] = [
  ...Object.entries(FUNCTIONS).map(([label, hooks]) => ({ label, type: 'function', detail: hooks.join(', ') })),
  ...['clientid', 'topic', 'payload', 'qos', 'retain', 'msgid', 'username', 'timestamp', 'node'].map((name) => ({
    label: name,
    apply: `\${${name}}`,
    type: 'variable',
  })),
  ...['on', 'off', 'infinity', 'true', 'false'].map((label) => ({ label, type: 'constant' })),
]

const LOOK = EditorView.theme({
  '&': { fontSize: '14px', border: '1px solid var(--line)', borderRadius: '8px', background: 'var(--back)' },
  '&.cm-focused': { outline: '3px solid var(--accent)' },
  '.cm-scroller': { fontFamily: 'ui-monospace, "DejaVu Sans Mono", monospace', maxHeight: '65vh', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { background: 'var(--card)', color: 'var(--dim)', border: 'none' },
  '.cm-activeLine': { background: 'color-mix(in srgb, var(--accent) 12%, transparent)' },
  '.cm-activeLineGutter': { background: 'transparent' },
  '.cm-tooltip': { background: 'var(--card)', color: 'var(--text)', border: '1px solid var(--line)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { background: 'var(--accent)', color: 'var(--on-accent)' },
  // in place of images within the style sheet, which the page's policy does not let in
  '.cm-lintRange': { backgroundImage: 'none !important', textDecoration: 'underline wavy var(--warn)' },
  '.cm-lintRange-error': { textDecorationColor: 'var(--bad)' },
  '.cm-lint-marker': { color: 'var(--warn)', textAlign: 'center', lineHeight: '1em' },
  '.cm-lint-marker-error, .cm-lint-marker-warning, .cm-lint-marker-info': { content: 'normal !important' },
  '.cm-lint-marker-error': { color: 'var(--bad)' },
  '.cm-lint-marker::before': { content: '"●"' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': {
    background: 'color-mix(in srgb, var(--accent) 30%, transparent) !important',
  },
})
