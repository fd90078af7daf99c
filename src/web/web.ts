// The face over HTTP: the page, its API, metrics. The server and what it is built on are loaded when they are wanted.

import type { OpenFace } from '../gateway/face.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { webTls } from '../gateway/web-tls.ts'

/** Opens the page's listener, where there is one. That it can't be opened is logged, and stops nothing else. */
export async function startWeb(gateway: Gateway): Promise<OpenFace | undefined> {
  const { log, settings, operators } = gateway
  const address = settings['web.listen']
  if (address === 'off') return undefined
  try {
    const { webServer } = await import('./server.ts')
    const tls = await webTls(gateway)
    await using opened = new AsyncDisposableStack()
    const app = await webServer(gateway, tls)
    opened.defer(() => app.close())
    const url = await app.listen(address)
    const { setupCode } = operators
    const proof = tls && { fingerprint: tls.fingerprint }
    log.info({ url, ...proof, ...(setupCode !== undefined && { code: setupCode }) }, 'web_listening')
    const page = opened.move()
    const code = setupCode === undefined ? '' : `   one-time code ${setupCode}`
    return { line: `page      ${url}${code}`, close: () => page.disposeAsync() }
  } catch (error) {
    const { code = 'INTERNAL', message, stack } = error as NodeJS.ErrnoException
    log.error({ code, why: message, ...(code === 'INTERNAL' && { stack }) }, 'web_failed')
    return undefined
  }
}
