// The page's texts: every language says everything, also what the gateway itself says in English.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { specOf } from '../../src/config/load.ts'
import type { SettingsSpec } from '../../src/config/spec.ts'
import { COMMANDS } from '../../src/gateway/commands.ts'
import { SCHEMA } from '../../src/gateway/load.ts'
import { GATEWAY_SETTINGS } from '../../src/gateway/settings.ts'
import { de } from '../../src/web/page/texts/de.ts'
import { DE_COMMANDS } from '../../src/web/page/texts/de-commands.ts'
import { DE_GATEWAY } from '../../src/web/page/texts/de-gateway.ts'
import { DE_KEYS } from '../../src/web/page/texts/de-keys.ts'
import { en } from '../../src/web/page/texts/en.ts'
import { translator } from '../../src/web/page/texts/translator.ts'
import { sentencesIn } from '../helpers/sentences.ts'

const SOURCES = resolve(import.meta.dirname, '../../src')
const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort()

test('both languages have the same texts, with the same places for figures', () => {
  assert.deepEqual(Object.keys(de), Object.keys(en))
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    assert.deepEqual(placeholders(de[key]), placeholders(en[key]), key)
    assert.notEqual(de[key].trim(), '', key)
  }
})

function* docsOf(spec: SettingsSpec): Iterable<string> {
  for (const declared of Object.values(spec)) {
    if ('named' in declared) yield* docsOf(declared.named)
    else yield declared.doc
  }
}
const KEY_DOCS = [GATEWAY_SETTINGS, ...Object.values(SCHEMA.kinds).map(specOf)].flatMap((spec) => [...docsOf(spec)])
const COMMAND_DOCS = COMMANDS.flatMap(({ summary, help, parameters }) => [
  ...(help === undefined ? [summary] : [summary, help]),
  ...Object.values(parameters).map(({ doc }) => doc),
])

/** @returns what a catalogue has not: of each text the sentences, and what stands in their places, that are more than a word */
function lacking(texts: readonly string[], catalogue = DE_GATEWAY): string[] {
  const found = new Set<string>()
  let whole = ''
  const translate = translator(catalogue, (english) => {
    if (english === whole || /[a-z]{2} [a-z]/i.test(english)) found.add(english)
    return english
  })
  for (const text of texts) {
    whole = text
    translate(text)
  }
  return [...found]
}

test('every key, command and parameter is documented in German, and nothing that is gone', () => {
  assert.deepEqual(lacking(KEY_DOCS), [], 'say it in src/web/page/texts/de-keys.ts')
  assert.deepEqual(lacking(COMMAND_DOCS), [], 'say it in src/web/page/texts/de-commands.ts, or in de-update.ts')
  for (const [docs, catalogue] of [
    [KEY_DOCS, DE_KEYS],
    [COMMAND_DOCS, DE_COMMANDS],
  ] as const) {
    const all = lacking(docs, catalogue).length
    const idle = Object.keys(catalogue).filter((english) => {
      const { [english]: _, ...others } = catalogue
      return lacking(docs, others).length === all
    })
    assert.deepEqual(idle, [])
  }
})

test('a translation says its parts in their place, the closest pattern first, and leaves alone what it does not know', () => {
  const translate = translator({
    '{pool} goes on.': '{pool} läuft weiter.',
    'Pool {pool} is {state}.': 'Pool {pool} ist {state}.',
    up: 'erreichbar',
    'expected {type}, not {written}': 'erwartet {type}, nicht {written}',
    '{words} or {word}': '{words} oder {word}',
    'Two lines, as one.': 'Zwei Zeilen, als eine.',
  })
  assert.equal(
    translate('Pool a.b is up. Who knows?\nc goes on.'),
    'Pool a.b ist erreichbar. Who knows?\nc läuft weiter.',
  )
  assert.equal(translate('expected on, off or auto, not x'), 'erwartet on, off oder auto, nicht x')
  assert.equal(translate('this or that of it'), 'this or that of it')
  assert.equal(translate('Two lines,\nas one.'), 'Zwei Zeilen, als eine.')
  assert.equal(translate('up\nup'), 'erreichbar\nerreichbar')
  assert.equal(translate('toString'), 'toString')
})

/** They speak to the command line, to a terminal, to the log, or to programs. */
const ELSEWHERE =
  /^(web\/page|cli|console|system|sqlite|fetch)\/|^broker\/(gate|wire-guard)|^gateway\/(folders|selftest)|^web\/openapi/
/** Of any language; and what only the log has. */
const SAME =
  /^(alter table .+|holdfast passwd NAME|select, insert and update|GetItem and UpdateItem|a batch whose answer is lost .+)$/

test('every sentence that the page may hear from the gateway is said in German', () => {
  const sentences = sources
    .filter((file) => !ELSEWHERE.test(file) && !file.endsWith('.d.ts'))
    .flatMap((file) => sentencesIn(join(SOURCES, file), file))
  assert.ok(sentences.length > 500)
  const places = new Map(sentences.map(({ text, at }) => [text.replaceAll('{it}', 'X1'), at]))
  const missing = [...places]
    .map(([text, at]) => ({
      at,
      lacks: lacking([text]).filter((one) => /[a-z]{2} [a-z]/i.test(one) && !SAME.test(one)),
    }))
    .filter(({ lacks }) => lacks.length > 0)
  assert.deepEqual(missing, [], 'say it in src/web/page/texts/de-*.ts')
})

test('what is translated of the gateway is what it says, with the same places', () => {
  const files = sources
    .filter((file) => !file.startsWith('web/page/'))
    .map((file) =>
      readFileSync(join(SOURCES, file), 'utf8')
        .replace(/' \+\n\s+'/g, '')
        .replace(/\\(['`"\\$])/g, '$1')
        .replaceAll('\n', ' '),
    )
  for (const [english, german] of Object.entries(DE_GATEWAY)) {
    const parts = english.split(/\{\w+\}/).filter((part) => part.trim() !== '')
    assert.ok(
      files.some((file) => parts.every((part) => file.includes(part))),
      `nothing says: ${english}`,
    )
    const known = new Set(placeholders(english))
    assert.equal(known.size, placeholders(english).length, english)
    for (const name of placeholders(german)) assert.ok(known.has(name), `${name}: ${german}`)
  }
})
