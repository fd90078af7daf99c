// The page's texts: every language says everything.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { de } from '../../src/web/page/texts/de.ts'
import { en } from '../../src/web/page/texts/en.ts'

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort()

test('both languages have the same texts, with the same places for figures', () => {
  assert.deepEqual(Object.keys(de), Object.keys(en))
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    assert.deepEqual(placeholders(de[key]), placeholders(en[key]), key)
    assert.notEqual(de[key].trim(), '', key)
  }
})
