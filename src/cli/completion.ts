import { wordsOf } from '../console/words.ts'
import type { Candidate } from '../gateway/commands.ts'
import type { Command } from './cli.ts'
import { UsageError } from './usage.ts'

/** Both ask `holdfast complete`. zsh quotes what it inserts by itself, bash takes it as it is. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `complete -o default -C 'holdfast complete 2>/dev/null' holdfast
`,
  zsh: `_holdfast() {
  local -a found
  found=("\${(@f)$(holdfast complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null | sed -e 's/:/\\\\:/g' -e 's/\\t/:/')}")
  if [[ -n "$found" ]]; then _describe holdfast found; else _files; fi
}
compdef _holdfast holdfast
`,
}

/** A shell that asks what may stand in the place of a word. */
export interface Asking {
  /** Behind the program's name; the last one is that word, as far as it is typed. */
  readonly words: readonly string[]
  /** The line that tells it of a candidate; none for what can't be put there. */
  answer(candidate: Candidate): string | undefined
}

/** @param args of `holdfast complete`: `-- WORD…` by zsh, `PROGRAM PART WORD` by bash */
export function asking([first, ...more]: readonly string[]): Asking {
  if (first !== '--') return bashAsking(more[0] ?? '')
  return { words: more, answer: ({ word, doc = '' }) => `${word}\t${doc}` }
}

/**
 * As `complete -C` has it: the line is in the environment, and what is answered takes the place of a part of its last word, behind a
 * colon or the like. It is written so that the shell takes it as this one word, whatever is in it: a client chooses its id itself.
 */
function bashAsking(part: string): Asking {
  const { COMP_LINE = '', COMP_POINT } = process.env
  const line = Buffer.from(COMP_LINE).subarray(0, Number(COMP_POINT)).toString()
  const { words, open, lastAt } = wordsOf(line)
  const stays = line.slice(lastAt, line.length - part.length)
  return {
    words: words.slice(1),
    answer({ word }) {
      const escaped = word.replace(/[^\p{L}\p{N}_./:=@%+,-]/gu, '\\$&')
      const written = open === '' ? escaped : open + escaped.replaceAll('\\ ', ' ')
      if (!written.startsWith(stays) || (open !== '' && written.includes('\\'))) return undefined
      return written.slice(stays.length)
    },
  }
}

export const completion: Command = {
  summary: 'a script that makes the shell complete commands',
  help: `holdfast completion bash|zsh

Prints a script for the shell. It completes commands and options, and what the running gateway has: pools, clients, plugins.
bash  source <(holdfast completion bash)   in ~/.bashrc
zsh   source <(holdfast completion zsh)    in ~/.zshrc, behind compinit`,
  complete: async () => Object.keys(SCRIPTS).map((word) => ({ word })),
  async run([shell = '', ...more]) {
    const script = SCRIPTS[shell]
    if (!script || more.length > 0) throw new UsageError('which shell? bash or zsh')
    process.stdout.write(script)
    return 0
  },
}
