// "Did you mean …?"

/** @returns the word that `typed` was most likely meant to be, or undefined when none is near. */
export function nearest(typed: string, words: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.ceil(typed.length / 3) + 1
  for (const word of words) {
    const distance = editDistance(typed, word)
    if (distance < bestDistance) {
      best = word
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein: letters to put in, take out or change. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const changed = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
