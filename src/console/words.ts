// A line → words, as a shell has it: spaces part them, '…' and "…" keep them together, \ takes the next character as it is. A word
// that begins with { or [ is JSON, and taken as it stands.

export interface Words {
  readonly words: readonly string[]
  /** The quote that is still open at the end, or '' */
  readonly open: string
  /** Where the last word begins in the line. Behind a space an empty one begins. */
  readonly lastAt: number
}

export function wordsOf(line: string): Words {
  const words: string[] = []
  let at = 0
  for (;;) {
    while (line[at] === ' ') at++
    const { word, end, open } = /[{[]/.test(line[at] ?? '') ? jsonAt(line, at) : wordAt(line, at)
    words.push(word)
    if (end === line.length) return { words, open, lastAt: at }
    at = end
  }
}

interface Word {
  readonly word: string
  readonly end: number
  readonly open: string
}

function wordAt(line: string, begin: number): Word {
  let word = ''
  let open = ''
  let at = begin
  for (; at < line.length && (open !== '' || line[at] !== ' '); at++) {
    const char = line[at]!
    if (char === open) open = ''
    else if (open === '' && (char === '"' || char === "'")) open = char
    else if (char === '\\' && open !== "'" && at + 1 < line.length) word += line[++at]
    else word += char
  }
  return { word, end: at, open }
}

/** Up to the bracket that closes the first one. */
function jsonAt(line: string, begin: number): Word {
  let depth = 0
  let at = begin
  for (const [token] of line.slice(begin).matchAll(/"(?:[^"\\]|\\.)*"?|[\s\S]/g)) {
    at += token.length
    depth += /^[{[]$/.test(token) ? 1 : /^[}\]]$/.test(token) ? -1 : 0
    if (depth === 0) break
  }
  return { word: line.slice(begin, at), end: at, open: '' }
}

/** The word as one would write it. */
export function quoted(word: string): string {
  if (word !== '' && !/[\s'"\\]|^[{[]/.test(word)) return word
  return word.includes("'") ? `"${word.replace(/["\\]/g, '\\$&')}"` : `'${word}'`
}
