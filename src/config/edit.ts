// A conf file, changed by its lines: comments, order and everything else stay as they are, to the byte.

/** Bytes as letters, so that a file in any encoding survives. */
const ENCODING = 'latin1'
const LINE = /^((?:ï»¿)?[ \t]*)([^\s=#]+)([ \t]*=[ \t]*)(.*?)([ \t\r]*)$/
const COMMENTED = /^[ \t]*#[#\s]*([^\s=#]+)[ \t]*=/

const linesOf = (content: Buffer): string[] => content.toString(ENCODING).split('\n')
const joined = (lines: readonly string[]): Buffer => Buffer.from(lines.join('\n'), ENCODING)

/**
 * Gives the key another value: in the line that counts, the last one; else in a new line, behind the key's commented
 * example where there is one, else behind its nearest relative.
 * @param value one line
 */
export function setKey(content: Buffer, key: string, value: string): Buffer {
  const lines = linesOf(content)
  const bytes = Buffer.from(value).toString(ENCODING)
  const at = lines.findLastIndex((line) => LINE.exec(line)?.[2] === key)
  if (at >= 0) {
    lines[at] = lines[at]!.replace(LINE, (_, indent, name, equals, _value, end) => indent + name + equals + bytes + end)
    return joined(lines)
  }
  const end = lines.some((line) => line.endsWith('\r')) ? '\r' : ''
  const place = placeFor(key, lines)
  if (place === lines.length && lines.at(-1) === '') lines.pop() // the file ends with a line end
  lines.splice(place, 0, `${key} = ${bytes}${end}`)
  if (place >= lines.length - 1) lines.push('')
  return joined(lines)
}

/** Takes the key out, wherever it is set; comments stay. @returns undefined where it is not set */
export function unsetKey(content: Buffer, key: string): Buffer | undefined {
  const lines = linesOf(content)
  const kept = lines.filter((line) => LINE.exec(line)?.[2] !== key)
  return kept.length === lines.length ? undefined : joined(kept)
}

/** Index of the line before which a new key goes. */
function placeFor(key: string, lines: readonly string[]): number {
  const example = lines.findLastIndex((line) => COMMENTED.exec(line)?.[1] === key)
  if (example >= 0) return example + 1
  let best = { shared: 0, place: lines.length }
  for (const [index, line] of lines.entries()) {
    const shared = sharedParts(key, LINE.exec(line)?.[2] ?? '')
    if (shared > 0 && shared >= best.shared) best = { shared, place: index + 1 }
  }
  return best.place
}

function sharedParts(one: string, other: string): number {
  const [parts, others] = [one.split('.'), other.split('.')]
  const differs = parts.findIndex((part, index) => part !== others[index])
  return differs < 0 ? parts.length : differs
}

/** Shown in place of a secret; given back, it stands for the one that is there. */
export const HIDDEN = '***'
/** Where a secret is, and which variable holds it, is none. */
const ELSEWHERE = /^(file:|env:)/
const ANY_LINE = /^((?:ï»¿)?[ \t#]*)([^\s=#]+)([ \t]*=[ \t]*)(.*?)([ \t\r]*)$/

/** The content with `***` in place of the secrets, also of those in comments. */
export function hideSecrets(content: Buffer, isSecret: (key: string) => boolean): Buffer {
  return joined(
    linesOf(content).map((line) => (secretIn(line, isSecret) === undefined ? line : withValue(line, HIDDEN))),
  )
}

export interface Lost {
  readonly key: string
  readonly line: number
}

/**
 * The content with the secrets that `***` stands for: those of the same keys in `before`.
 * @returns also the lines whose secret is not known
 */
export function revealHidden(
  content: Buffer,
  before: Buffer,
  isSecret: (key: string) => boolean,
): { content: Buffer; lost: readonly Lost[] } {
  const known = new Map<string, string[]>()
  for (const line of linesOf(before)) {
    const secret = secretIn(line, isSecret)
    if (secret !== undefined) known.set(nameOf(line), [...(known.get(nameOf(line)) ?? []), secret])
  }
  const lost: Lost[] = []
  const lines = linesOf(content).map((line, index) => {
    if (secretIn(line, isSecret) !== HIDDEN) return line
    const secrets = known.get(nameOf(line)) ?? []
    const secret = secrets.length > 1 ? secrets.shift() : secrets[0]
    if (secret === undefined) lost.push({ key: ANY_LINE.exec(line)![2]!, line: index + 1 })
    return secret === undefined ? line : withValue(line, secret)
  })
  return { content: joined(lines), lost }
}

/** Bytes as letters. */
function secretIn(line: string, isSecret: (key: string) => boolean): string | undefined {
  const [, , key = '', , value = ''] = ANY_LINE.exec(line) ?? []
  return value !== '' && !ELSEWHERE.test(value) && isSecret(key) ? value : undefined
}

/** The key, and whether it is commented out. */
function nameOf(line: string): string {
  const [, before = '', key = ''] = ANY_LINE.exec(line) ?? []
  return (before.includes('#') ? '#' : '') + key
}

const withValue = (line: string, value: string): string =>
  line.replace(ANY_LINE, (_, before, key, equals, _value, end) => before + key + equals + value + end)
