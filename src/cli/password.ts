// A password that is asked for at the terminal, or read from stdin.

import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { UsageError } from './usage.ts'

/** Typed twice and not shown; without a terminal the first line of stdin. @throws UsageError when two typings differ, or nothing came */
export async function readPassword(question: string): Promise<Buffer> {
  if (!process.stdin.isTTY) return await firstLine()
  const password = await ask(`${question}: `)
  if ((await ask('once more: ')) !== password) throw new UsageError('the two passwords differ; nothing is changed')
  return Buffer.from(password)
}

async function firstLine(): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  const text = Buffer.concat(chunks)
  const end = text.indexOf('\n')
  const line = end < 0 ? text : text.subarray(0, end)
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line
}

/** What is typed is not shown. */
async function ask(question: string): Promise<string> {
  process.stderr.write(question)
  const unseen = new Writable({ write: (_chunk, _encoding, next) => next() })
  const terminal = createInterface({ input: process.stdin, output: unseen, terminal: true })
  const { promise, reject } = Promise.withResolvers<never>()
  terminal.once('close', () => reject(new UsageError('no password was typed; nothing is changed'))) // ^C, ^D
  try {
    return await Promise.race([terminal.question(''), promise])
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}
