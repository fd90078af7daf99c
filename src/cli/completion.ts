import type { Command } from './cli.ts'
import { UsageError } from './usage.ts'

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_holdfast() {
  local IFS=$'\\n'
  COMPREPLY=($(holdfast complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _holdfast holdfast
`,
  zsh: `_holdfast() {
  local -a found
  found=("\${(@f)$(holdfast complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null | sed -e 's/:/\\\\:/g' -e 's/\\t/:/')}")
  if [[ -n "$found" ]]; then _describe holdfast found; else _files; fi
}
compdef _holdfast holdfast
`,
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
