// npm run bench [-- [--quick] NAME…]: runs the benches, prints a table, leaves each result in .cache/bench/NAME.json.

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { append } from './append.ts'
import { bytes } from './bytes.ts'
import { drainBench } from './drain.ts'
import { cassandra } from './drain-cassa.ts'
import { dynamo } from './drain-dynamo.ts'
import { mongo } from './drain-mongo.ts'
import { mariadb } from './drain-mysql.ts'
import { pgsql } from './drain-pgsql.ts'
import { redis } from './drain-redis.ts'
import { driversBench } from './drivers.ts'
import { endToEnd } from './end-to-end.ts'
import { fanIn, fanOut } from './fan.ts'
import { fetchBench } from './fetch.ts'
import { type Bench, type Figure, met, ratio } from './figure.ts'
import { idle } from './idle.ts'
import { ingest } from './ingest.ts'
import { CACHE } from './native.ts'
import { offline } from './offline.ts'
import { retained } from './retained.ts'
import { rss } from './rss.ts'
import { slowDisk } from './slow-disk.ts'
import { start } from './start.ts'
import { startQueued } from './start-queued.ts'

const KINDS = [pgsql, mariadb, redis, mongo, dynamo, cassandra]

const BENCHES: Readonly<Record<string, Bench>> = {
  ingest,
  'fan-out': fanOut,
  'fan-in': fanIn,
  idle,
  retained,
  offline,
  'slow-disk': slowDisk,
  ...Object.fromEntries(
    KINDS.map((kind) => [kind.kind === 'pgsql' ? 'drain' : `drain-${kind.kind}`, drainBench(kind)]),
  ),
  fetch: fetchBench(KINDS),
  bytes,
  rss,
  start,
  'start-queued': startQueued,
  drivers: driversBench(KINDS),
  append,
  'end-to-end': endToEnd,
}

const words = process.argv.slice(2)
const quick = words.includes('--quick')
const names = words.filter((word) => word !== '--quick')
const unknown = names.filter((name) => !(name in BENCHES))
if (unknown.length > 0) {
  process.stderr.write(`no bench ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}\n`)
  process.exit(2)
}

const rows: string[][] = []
for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
  const bench = BENCHES[name]!
  progress(`${name}: ${bench.about}`, '\n')
  const figures = await bench.run({
    rounds: quick ? 1 : 5,
    seconds: quick ? 2 : 5,
    say: (text) => progress(`  ${name}: ${text}`),
  })
  progress('')
  keep(name, figures)
  rows.push(...figures.map((figure) => row(name, figure)))
}
process.stdout.write(table([['bench', 'what', 'value', 'peer', 'ratio', 'goal', ''], ...rows]))

/** One line on a terminal, overwritten by the next. */
function progress(text: string, end = ''): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}${end}`)
}

function keep(name: string, figures: readonly Figure[]): void {
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim()
  const machine = `${cpus().length} × ${cpus()[0]?.model}`
  const result = { name, at: new Date().toISOString(), commit, machine, quick, figures }
  mkdirSync(CACHE, { recursive: true })
  writeFileSync(join(CACHE, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

function row(name: string, figure: Figure): string[] {
  const { what, value, unit, peer, goal } = figure
  const bound = goal && ('atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`)
  return [
    name,
    what,
    `${short(value)} ${unit}`,
    peer ? `${short(peer.value)} ${peer.name}` : '',
    ratio(figure)?.toFixed(2) ?? '',
    bound ?? '',
    { true: 'met', false: 'MISSED', undefined: '' }[`${met(figure)}`]!,
  ]
}

function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

function table(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)))
  return rows
    .map(
      (cells) =>
        `${cells
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
