// What a bench says: figures, each against a peer of the same run, or alone, with its goal.

export interface Figure {
  readonly what: string
  readonly unit: string
  readonly value: number
  /** Who was measured beside it, and with what. */
  readonly peer?: { readonly name: string; readonly value: number }
  /** Of the ratio value / peer where there is a peer, else of the value. Absent: for orientation. */
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number }
  /** The single measurements and whatever helps to understand them. */
  readonly detail?: unknown
}

export interface Bench {
  readonly about: string
  run(round: Rounds): Promise<readonly Figure[]>
}

/** How long to measure, and where to tell how it goes. */
export interface Rounds {
  /** Repetitions, all subjects taking turns in each, so that a drift of the machine touches all alike. */
  readonly rounds: number
  /** Of one measurement. */
  readonly seconds: number
  /** A word on what runs now. */
  say(text: string): void
}

export function ratio({ value, peer }: Figure): number | undefined {
  return peer && value / peer.value
}

export function met(figure: Figure): boolean | undefined {
  const { goal, value } = figure
  if (!goal) return undefined
  const judged = ratio(figure) ?? value
  return 'atLeast' in goal ? judged >= goal.atLeast : judged <= goal.atMost
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Measures the subjects in turns A B C A B C … and gives what each gave, by name. */
export async function inTurns<T>(
  { rounds, say }: Rounds,
  subjects: Readonly<Record<string, () => Promise<T>>>,
): Promise<Record<string, T[]>> {
  const results = Object.fromEntries(Object.keys(subjects).map((name): [string, T[]] => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const [name, measure] of Object.entries(subjects)) {
      say(`${name} (${round}/${rounds})`)
      results[name]!.push(await measure())
    }
  }
  return results
}
