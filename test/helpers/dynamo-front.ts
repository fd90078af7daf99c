// A server before DynamoDB Local, for what Amazon's service does and the local one can't be made to do: throttle, refuse rights,
// cut a batch short, lose an answer.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'

/** @returns an answer in place of the server's; 'lose' lets the server do it and says nothing; undefined: as the server says */
export type Fault = (
  operation: string,
  // biome-ignore lint/suspicious/noExplicitAny: requests are what a test looks at
  request: any,
  // biome-ignore lint/suspicious/noExplicitAny: as above
) => { readonly status: number; readonly body: any } | 'lose' | undefined

const tlsFile = (name: string): string => new URL(`tls/${name}`, import.meta.url).pathname
export const CERTIFICATE = tlsFile('cert.pem')

export class DynamoFront {
  fault: Fault = () => undefined
  /** Operations that were asked for, in order. */
  readonly asked: string[] = []
  readonly #behind: string
  readonly #server: Server
  readonly #tls: boolean

  private constructor(behind: string, tls: boolean) {
    this.#behind = behind
    const answer = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response)
    this.#server = tls
      ? createTlsServer({ cert: readFileSync(CERTIFICATE), key: readFileSync(tlsFile('key.pem')) }, answer)
      : createServer(answer)
    this.#tls = tls
  }

  /** @param tls speaks TLS, with `CERTIFICATE` */
  static async before(url: string, { tls = false } = {}): Promise<DynamoFront> {
    const front = new DynamoFront(url, tls)
    front.#server.listen(0, '127.0.0.1')
    await once(front.#server, 'listening')
    return front
  }

  get url(): string {
    return `http${this.#tls ? 's' : ''}://127.0.0.1:${(this.#server.address() as { port: number }).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const operation = String(request.headers['x-amz-target']).split('.')[1]!
    this.asked.push(operation)
    const fault = this.fault(operation, JSON.parse(body.toString()))
    if (fault && fault !== 'lose') return send(response, fault.status, JSON.stringify(fault.body))
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    try {
      const answer = await fetch(this.#behind, { method: 'POST', headers: headers as Record<string, string>, body })
      if (fault === 'lose') response.destroy()
      else send(response, answer.status, await answer.text())
    } catch {
      response.destroy() // the server is away
    }
  }
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body)
}

export function exception(name: string, more: object = {}): { status: number; body: object } {
  return { status: 400, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: name, ...more } }
}
