// The page's texts: every language says everything.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { de } from '../../src/web/page/texts/de.ts'
import { DE_SAID } from '../../src/web/page/texts/de-said.ts'
import { en } from '../../src/web/page/texts/en.ts'

const SOURCES = resolve(import.meta.dirname, '../../src')

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort()

test('both languages have the same texts, with the same places for figures', () => {
  assert.deepEqual(Object.keys(de), Object.keys(en))
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    assert.deepEqual(placeholders(de[key]), placeholders(en[key]), key)
    assert.notEqual(de[key].trim(), '', key)
  }
})

test("what is translated of the gateway's own sentences is what it says", () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('web/page/'))
    .map((file) => readFileSync(join(SOURCES, file), 'utf8').replace(/\\(['`])/g, '$1'))
  for (const [english, german] of Object.entries(DE_SAID)) {
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
