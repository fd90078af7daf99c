// /metrics, and what is shipped for Prometheus and Grafana: checked by promtool, where it is to be had.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { type EventEmitter, once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import mqtt from 'mqtt'
import { GatewayProcess } from '../helpers/gateway.ts'
import { ask, Browser } from '../helpers/http.ts'
import { findProgram } from '../helpers/processes.ts'

const run = promisify(execFile)
const SHIPPED = new URL('../../board/prometheus/', import.meta.url).pathname
const missing =
  findProgram('promtool') || process.env.CI === 'true'
    ? false
    : 'there is no promtool; as root: scripts/services install prometheus'

/** The contract's. */
const PROMISED = [
  ...[
    'clients',
    'messages_received_total{qos}',
    'messages_delivered_total',
    'puback_seconds',
    'journal_commit_seconds',
  ],
  ...['journal_commit_events', 'journal_bytes', 'journal_events', 'lane_lag_events{pool}', 'lane_lag_seconds{pool}'],
  ...['lane_forwarded_total{pool}', 'lane_retries_total{pool}', 'lane_dead_letters_total{pool}', 'pool_up{pool}'],
  ...['fetch_seconds{source}', 'storage_written_bytes_total', 'dropped_total{reason}', 'clock_trusted'],
]

const gateway = new GatewayProcess({
  conf: 'web.listen = 127.0.0.1:0\nacl.nomatch = allow\nnode.name = "odd\\name"',
  plugins: {
    sqlite:
      'backend.sqlite.pool1.database = mqtt.db\nbackend.sqlite.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}\n',
  },
})
let url: string
let text: string

before(async () => {
  await gateway.start()
  url = (await gateway.web()).url
  const client = await mqtt.connectAsync(gateway.url)
  await client.subscribeAsync('a/#')
  const got = once(client as unknown as EventEmitter, 'message')
  await client.publishAsync('a/b', 'x', { qos: 1 })
  await got
  const refused = once(client as unknown as EventEmitter, 'close')
  client.publish('$SYS/x', 'x') // is dropped
  await refused
  await client.endAsync(true)
  await gateway.forwarded()
  const answer = await ask(`${url}/metrics`)
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  text = answer.text
})
after(() => gateway.remove())

const sample = (name: string): number => {
  const found = text.split('\n').find((line) => line.startsWith(`holdfast_${name} `))
  assert.ok(found, `holdfast_${name} in:\n${text}`)
  return Number(found.split(' ').at(-1))
}

test('what the contract names is there', () => {
  for (const name of PROMISED) {
    const [, plain, label] = /^(\w+)(?:\{(\w+)\})?$/.exec(name)!
    assert.ok(text.includes(`# TYPE holdfast_${plain} `), name)
    if (label !== undefined) assert.match(text, new RegExp(`^holdfast_${plain}(_bucket)?\\{${label}="[^"]+"`, 'm'))
  }
})

test('figures are what happened', () => {
  assert.equal(sample('messages_received_total{qos="1"}'), 1)
  assert.equal(sample('lane_forwarded_total{pool="sqlite.pool1"}') > 0, true)
  assert.equal(sample('pool_up{pool="sqlite.pool1"}'), 1)
  assert.equal(sample('dropped_total{reason="forbidden_topic"}'), 1)
  assert.equal(sample('puback_seconds_count'), 1)
  assert.equal(sample('puback_seconds_bucket{le="+Inf"}'), 1)
  assert.ok(sample('journal_commit_events_sum') >= 1)
  assert.ok(sample('journal_commit_seconds_count') >= sample('journal_commit_seconds_bucket{le="0.001"}'))
  assert.match(text, /^holdfast_info\{version="[^"]+",node="\\"odd\\\\name\\""\} 1$/m)
})

test('promtool finds nothing to mend', { skip: missing }, async () => {
  const checking = run('promtool', ['check', 'metrics'])
  checking.child.stdin!.end(text)
  const { stdout, stderr } = await checking
  assert.deepEqual([stdout, stderr], ['', ''])
})

test('the alert rules are rules, and raise what they should', { skip: missing }, async () => {
  const rules = join(SHIPPED, 'alerts.yml')
  await run('promtool', ['check', 'rules', rules])
  const scenes = readFileSync(join(import.meta.dirname, 'alerts.test.yml'), 'utf8')
  const file = join(gateway.root, 'alerts.test.yml')
  writeFileSync(file, scenes.replace('ALERTS', rules))
  await run('promtool', ['test', 'rules', file])
})

test('rules and dashboard ask for metrics that there are', () => {
  const source = readFileSync(new URL('../../src/web/metrics.ts', import.meta.url), 'utf8')
  const known = new Set([...source.matchAll(/(?:gauge|counter)\(\s*'(\w+)'|name: '(\w+)'/g)].map(([, a, b]) => a ?? b))
  for (const file of ['alerts.yml', 'dashboard.json']) {
    const asked = new Set(readFileSync(join(SHIPPED, file), 'utf8').match(/\bholdfast_\w+/g))
    assert.ok(asked.size > 5)
    for (const name of asked) {
      const plain = name.slice('holdfast_'.length)
      assert.ok(known.has(plain) || known.has(plain.replace(/_(bucket|sum|count)$/, '')), `${file}: ${name}`)
    }
  }
})

test('the dashboard is one: its queries are distinct, its panels do not overlap', () => {
  const { panels } = JSON.parse(readFileSync(join(SHIPPED, 'dashboard.json'), 'utf8'))
  const cells = new Set<string>()
  for (const { gridPos, title } of panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(x < 24 && !cells.has(`${x} ${y}`), title)
        cells.add(`${x} ${y}`)
      }
    }
  }
  const ids = panels.map(({ id }: { id: number }) => id)
  assert.equal(new Set(ids).size, ids.length)
})

test('web.metrics = token: with a token only; off: not at all', async () => {
  const other = new GatewayProcess({ conf: 'web.listen = 127.0.0.1:0\nweb.metrics = token' })
  try {
    await other.start()
    const page = await other.web()
    assert.equal((await ask(`${page.url}/metrics`)).status, 401)
    const browser = new Browser(page.url)
    await browser.post('/api/v1/setup', { code: page.code, name: 'ada', password: 'correct horse' })
    const { token } = (await browser.post('/api/v1/token/create', { name: 'p', readOnly: true })).json.result
    assert.equal((await ask(`${page.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).status, 200)
    await other.stop()
    other.configure({ conf: 'web.listen = 127.0.0.1:0\nweb.metrics = off' })
    await other.start()
    assert.equal((await ask(`${(await other.web()).url}/metrics`)).status, 404)
  } finally {
    await other.remove()
  }
})
