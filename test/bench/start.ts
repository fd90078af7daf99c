import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayProcess } from '../helpers/gateway.ts'
import { type Bench, type Figure, inTurns, median } from './figure.ts'
import { configure, residentMb, SQLITE_HOOK } from './gateway.ts'
import { listens } from './start-queued.ts'

const ROOT = join(import.meta.dirname, '../..')
const BINARY = join(ROOT, 'dist', `holdfast-linux-${process.arch}`)
const SETTLE_MS = 3000

export const start: Bench = {
  about: 'from exec to an open listener, and the memory of the idle gateway: sources and binary, cold and warm',
  async run(rounds) {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there: npm run build`)
    const subjects = { sources: subject({}, process.execPath), binary: subject({ program: [BINARY] }, BINARY) }
    try {
      const measured = await inTurns(rounds, {
        'sources, cold': () => subjects.sources.start(true),
        'sources, warm': () => subjects.sources.start(false),
        'binary, cold': () => subjects.binary.start(true),
        'binary, warm': () => subjects.binary.start(false),
      })
      return Object.entries(measured).flatMap(([what, all]) => figures(what, all))
    } finally {
      for (const { remove } of Object.values(subjects)) await remove()
    }
  },
}

interface Measured {
  readonly ms: number
  readonly rssMb: number
}

function figures(what: string, all: readonly Measured[]): Figure[] {
  const [times, sizes] = [all.map(({ ms }) => ms), all.map(({ rssMb }) => rssMb)]
  const isGoal = what === 'binary, warm'
  return [
    { what, unit: 'ms', value: Math.round(median(times)), ...(isGoal && { goal: { atMost: 250 } }), detail: times },
    { what, unit: 'MB', value: median(sizes), ...(isGoal && { goal: { atMost: 100 } }), detail: sizes },
  ]
}

/** @param executable what is read from the disk first */
function subject(files: { program?: readonly string[] }, executable: string) {
  const gateway = new GatewayProcess(files)
  const compiled = mkdtempSync(join(tmpdir(), 'holdfast-compiled-')) // of the sources
  configure(gateway, SQLITE_HOOK)
  return {
    /** @param isCold nothing is compiled yet, and the executable is not in memory */
    async start(isCold: boolean): Promise<Measured> {
      if (isCold) {
        for (const folder of [compiled, join(gateway.data, 'compiled')])
          rmSync(folder, { recursive: true, force: true })
        execFileSync('dd', [`if=${executable}`, 'iflag=nocache', 'count=0', 'status=none'])
      }
      process.env.NODE_COMPILE_CACHE = files.program ? '' : compiled
      const begin = performance.now()
      const started = gateway.start()
      delete process.env.NODE_COMPILE_CACHE
      await listens(gateway)
      const ms = performance.now() - begin
      await started
      await sleep(SETTLE_MS)
      const rssMb = residentMb(gateway.pid!)
      await gateway.stop()
      return { ms, rssMb }
    },
    async remove(): Promise<void> {
      await gateway.remove()
      rmSync(compiled, { recursive: true, force: true })
    },
  }
}
