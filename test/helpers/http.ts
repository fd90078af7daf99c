// Requests as they are, without a browser's or fetch's own opinion about headers.

import { type IncomingHttpHeaders, request as plain } from 'node:http'
import { request as tls } from 'node:https'

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON, a text as it is. */
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: the answer's shape is what tests look at
  readonly json: any
}

/** TLS certificates are not looked at. */
export function ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> {
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const type =
    sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }
  const request = url.startsWith('https:') ? tls : plain
  return new Promise((resolve, reject) => {
    const options = { method, headers: { ...type, ...headers }, agent: false, rejectUnauthorized: false }
    const asking = request(url, options, async (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString()
        const isJson = response.headers['content-type']?.includes('json')
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        })
      })
    })
    asking.once('error', reject)
    asking.end(sent)
  })
}

/** As a browser has it: keeps the cookie, says where its requests come from. */
export class Browser {
  readonly url: string
  cookie: string | undefined

  constructor(url: string) {
    this.url = url
  }

  async ask(path: string, asked: Asked = {}): Promise<Answer> {
    const headers = {
      origin: this.url,
      'sec-fetch-site': 'same-origin',
      ...(this.cookie !== undefined && { cookie: this.cookie }),
      ...asked.headers,
    }
    const answer = await ask(this.url + path, { ...asked, headers })
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair] = line.split(';')
      this.cookie = pair!.endsWith('=') ? undefined : pair
    }
    return answer
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.ask(path, { method: 'POST', body })
  }
}
