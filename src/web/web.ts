// The face over HTTP: the page, its API, metrics. The server and what it is built on are loaded when they are wanted.

import type { OpenFace } from '../gateway/face.ts'
import type { Gateway } from '../gateway/gateway.ts'

/** Opens the page's listener, where there is one. That it can't be opened is logged, and stops nothing else. */
export async function startWeb(gateway: Gateway): Promise<OpenFace | undefined> {
  const address = gateway.settings['web.listen']
  if (address === 'off') return undefined
  const { webServer } = await import('./server.ts')
  const app = await webServer(gateway)
  const { setupCode } = gateway.operators
  try {
    const url = await app.listen(address)
    gateway.log.info({ url, ...(setupCode !== undefined && { code: setupCode }) }, 'web_listening')
    const code = setupCode === undefined ? '' : `   one-time code ${setupCode}`
    return { line: `page      ${url}${code}`, close: () => app.close() }
  } catch (error) {
    const { host, port } = address
    gateway.log.error({ address: `${host}:${port}`, why: (error as Error).message }, 'web_failed')
    await app.close()
    return undefined
  }
}
