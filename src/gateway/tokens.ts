// Bearer tokens, for programs: `tokens` beside holdfast.conf holds SHA-256 hashes of them, a line each:
// `<hash> <read|all> <made, ISO> <name>`. A token is 32 random bytes, so a plain hash can't be guessed.

import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { nameFault } from '../access/users.ts'
import { HoldfastError } from '../model/errors.ts'
import { replaceFile } from '../system/disk.ts'

export interface Token {
  readonly name: string
  /** read: only what changes nothing. */
  readonly may: 'read' | 'all'
  /** ISO time. */
  readonly made: string
}

const OWNER_ONLY = 0o600
const PREFIX = 'hf_'
const MOST = 100
const LINE = /^([\w-]{43}) (read|all) (\S+) (.+)$/

export class Tokens {
  readonly #path: string
  #stamp = 'never read'
  #tokens: ReadonlyMap<string, Token> = new Map()

  constructor(etcDir: string) {
    this.#path = join(etcDir, 'tokens')
  }

  list(): Token[] {
    return [...this.#current().values()]
  }

  /** Whose it is. Lines that are none count as none. */
  find(secret: string): Token | undefined {
    return this.#current().get(hashOf(secret))
  }

  /** @returns the token, which nothing can show again. @throws HoldfastError BAD_TOKEN, TOKENS_FILE */
  create(name: string, may: Token['may'], now: Date): string {
    const fault = nameFault(name)
    if (fault) throw new HoldfastError('BAD_TOKEN', fault)
    const all = this.#current()
    if (this.list().some((one) => one.name === name)) {
      throw new HoldfastError('BAD_TOKEN', `there is a token ${name} already`, { hint: 'revoke it, or choose a name' })
    }
    if (all.size >= MOST) throw new HoldfastError('BAD_TOKEN', `there are ${MOST} tokens already`)
    const secret = PREFIX + randomBytes(32).toString('base64url')
    this.#write([...all, [hashOf(secret), { name, may, made: now.toISOString() }]])
    return secret
  }

  /** @throws HoldfastError NO_SUCH_TOKEN, TOKENS_FILE */
  revoke(name: string): void {
    const rest = [...this.#current()].filter(([, token]) => token.name !== name)
    if (rest.length === this.#current().size) {
      const names = this.list().map((one) => one.name)
      throw new HoldfastError('NO_SUCH_TOKEN', `there is no token ${name}`, {
        hint: `tokens: ${names.join(', ') || 'none'}`,
      })
    }
    this.#write(rest)
  }

  #current(): ReadonlyMap<string, Token> {
    const { ino, mtimeMs, size } = statSync(this.#path, { throwIfNoEntry: false }) ?? {}
    const stamp = `${ino} ${mtimeMs} ${size}`
    if (stamp !== this.#stamp) {
      this.#tokens = size === undefined ? new Map() : parse(readFileSync(this.#path, 'utf8'))
      this.#stamp = stamp
    }
    return this.#tokens
  }

  #write(tokens: readonly (readonly [hash: string, token: Token])[]): void {
    const lines = tokens.map(([hash, { name, may, made }]) => `${hash} ${may} ${made} ${name}\n`)
    try {
      replaceFile(this.#path, lines.join(''), OWNER_ONLY)
    } catch (cause) {
      throw new HoldfastError('TOKENS_FILE', `the tokens can't be written: ${(cause as Error).message}`, { cause })
    }
  }
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

function parse(text: string): Map<string, Token> {
  const rows = text.split('\n').flatMap((line): [string, Token][] => {
    const [, hash, may, made, name] = LINE.exec(line) ?? []
    return name === undefined ? [] : [[hash!, { name, may: may as Token['may'], made: made! }]]
  })
  return new Map(rows)
}
