// The configuration that is shipped in etc/.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Faults } from '../../src/config/fault.ts'
import type { SettingsSpec } from '../../src/config/spec.ts'
import { parseText } from '../../src/config/text.ts'
import { checkConfig, loadConfiguration } from '../../src/gateway/load.ts'
import { GATEWAY_SETTINGS } from '../../src/gateway/settings.ts'
import { BACKEND_KINDS } from '../../src/model/binding.ts'
import { etcWith, SHIPPED } from './etc-folder.ts'

test('there is no fault in it', () => {
  assert.deepEqual(checkConfig(SHIPPED), { text: '', errors: 0, warnings: 0 })
})

test('there is a file for every kind, and the embedded one is loaded', () => {
  const { plugins, gateway } = loadConfiguration(SHIPPED)
  assert.deepEqual(
    plugins.map(({ kind }) => kind),
    BACKEND_KINDS,
  )
  assert.deepEqual(
    plugins.filter(({ loaded }) => loaded).map(({ name }) => name),
    ['emqx_backend_sqlite'],
  )
  assert.deepEqual(gateway['listener.tcp.*'].get('default')?.[''], { host: '127.0.0.1', port: 1883 })
})

test('every key of holdfast.conf stands there with its default', () => {
  const content = readFileSync(join(SHIPPED, 'holdfast.conf'))
  const entries = parseText('holdfast.conf', content, new Faults())
  const written: Record<string, string | undefined> = Object.fromEntries(entries.map(({ key, value }) => [key, value]))
  for (const [, key] of content.toString().matchAll(/^## (web\.\S+) = /gm)) {
    assert.ok(
      !('default' in GATEWAY_SETTINGS[key as 'web.listen']),
      `${key} has an effect: it need not be commented out`,
    )
    written[key!] = undefined
  }
  const spec: SettingsSpec = GATEWAY_SETTINGS
  const defaults = Object.entries(spec).flatMap(([key, setting]) =>
    'type' in setting ? [[key, setting.default] as const] : [],
  )
  assert.deepEqual(written, {
    ...Object.fromEntries(defaults),
    'listener.tcp.default': '127.0.0.1:1883',
    'listener.tcp.default.max_connections': GATEWAY_SETTINGS['listener.tcp.*'].named.max_connections.default,
  })
})

test('every key has a comment', () => {
  for (const file of ['holdfast.conf', ...readdirSync(join(SHIPPED, 'plugins')).map((name) => `plugins/${name}`)]) {
    const paragraphs = readFileSync(join(SHIPPED, file), 'utf8').trim().split('\n\n')
    for (const paragraph of paragraphs) assert.match(paragraph, /^## [\w`]/m, `${file}: ${paragraph}`)
  }
})

test('what stands there commented out is right, too', () => {
  const files = readdirSync(SHIPPED, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.conf'))
  const uncommented = files.map((name): [string, string] => {
    const lines = readFileSync(join(SHIPPED, name), 'utf8').split('\n')
    return [name, lines.map((line) => line.replace(/^## ((?:backend|listener)\.\S+ = )/, '$1')).join('\n')]
  })
  const pem = (name: string): string => readFileSync(join(import.meta.dirname, `../helpers/tls/${name}.pem`), 'utf8')
  const certs = ['ca', 'cert', 'key', 'client', 'client-key'].map((name) => [
    `certs/${name}.pem`,
    pem(name === 'key' ? 'key' : 'cert'),
  ])
  const etc = etcWith({ ...Object.fromEntries(uncommented), ...Object.fromEntries(certs) })
  const { text, errors } = checkConfig(etc)
  assert.deepEqual([text, errors], ['', 0])
})
