// A line → words, as a shell has it: spaces part them, '…' and "…" keep them together, \ takes the next character as it is.

export interface Words {
  readonly words: readonly string[]
  /** The quote that is still open at the end, or '' */
  readonly open: string
  /** Where the last word begins in the line. Behind a space an empty one begins. */
  readonly lastAt: number
}

export function wordsOf(line: string): Words {
  const words: string[] = []
  let word: string | undefined
  let lastAt = 0
  let open = ''
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!
    if (open === '' && char === ' ') {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    if (word === undefined) {
      word = ''
      lastAt = i
    }
    if (char === open) open = ''
    else if (open === '' && (char === '"' || char === "'")) open = char
    else if (char === '\\' && open !== "'" && i + 1 < line.length) word += line[++i]
    else word += char
  }
  if (word === undefined) return { words: [...words, ''], open, lastAt: line.length }
  return { words: [...words, word], open, lastAt }
}

/** The word as one would write it. */
export function quoted(word: string): string {
  if (word !== '' && !/[\s'"\\]/.test(word)) return word
  return word.includes("'") ? `"${word.replace(/["\\]/g, '\\$&')}"` : `'${word}'`
}
