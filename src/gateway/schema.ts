// `holdfast schema`: a backend's tables, printed or made.

import { BACKENDS } from '../backends/index.ts'
import { revealSecrets } from '../config/secret.ts'
import type { Backend } from '../model/backend.ts'
import { BACKEND_KINDS, type BackendKind } from '../model/binding.ts'
import { BackendError, HoldfastError } from '../model/errors.ts'
import { loadConfiguration } from './load.ts'

/** @throws HoldfastError for a kind that there is not. */
export async function printSchema(kind: string): Promise<string> {
  return (await backendOf(kind)).schema()
}

/** Makes the tables on the server of the pool; may be repeated. @throws HoldfastError, also BackendError and ConfigFaults */
export async function applySchema(o: {
  kind: string
  pool: string
  etcDir: string
  dataDir: string
  /** What somebody should know about it, each a sentence. */
  say(sentence: string): void
}): Promise<void> {
  const backend = await backendOf(o.kind)
  const { plugins, gateway } = loadConfiguration(o.etcDir, backend.kind)
  const plugin = plugins.find(({ kind }) => kind === o.kind)
  const pools = plugin?.pools ?? []
  const pool = pools.find(({ name }) => name === o.pool)
  if (!pool) {
    const names = pools.map(({ name }) => name).join(', ')
    throw new HoldfastError('NO_SUCH_POOL', `there is no ${o.kind} pool ${o.pool} in ${o.etcDir}/plugins`, {
      hint: plugin ? `pools: ${names || 'none'}` : `emqx_backend_${o.kind}.conf is not there`,
    })
  }
  const options = { name: pool.name, dataDir: o.dataDir, node: gateway['node.name'] }
  try {
    await backend.applySchema(options, revealSecrets(pool.settings), o.say)
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    const { code, message, hint = `its keys are in ${plugin!.file}` } = error
    throw new HoldfastError(code, `pool ${pool.name}: ${message}`, { hint, cause: error })
  }
}

async function backendOf(kind: string): Promise<Backend> {
  const load = BACKENDS[kind as BackendKind]
  if (load) return load()
  const known = (BACKEND_KINDS as readonly string[]).includes(kind)
  throw new HoldfastError(
    'NO_SUCH_BACKEND',
    known ? `the ${kind} backend is not built into this version` : `there is no backend '${kind}'`,
    {
      hint: `backends: ${Object.keys(BACKENDS).join(', ')}`,
    },
  )
}
