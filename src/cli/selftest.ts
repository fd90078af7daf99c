import { type Finding, selftest as findings } from '../gateway/selftest.ts'
import type { Command } from './cli.ts'
import { dataDir, parse } from './usage.ts'

export const selftest: Command = {
  summary: 'is this machine, with this card, fit for a gateway?',
  help: `holdfast selftest [--data DIR] [--json]

Loads the native parts, looks at the clock and the disk, and writes up to 32 MB into a journal of its own below the
data folder, which it removes. Takes up to 6 seconds, and can be run beside a gateway, which then has less of the card.
Exit code 0 when it is fit, also with warnings, 1 when it is not.`,
  async run(args) {
    const { values } = parse({ args, options: { data: { type: 'string' }, json: { type: 'boolean' } } })
    const all: Finding[] = []
    for await (const finding of findings(dataDir(values.data))) {
      all.push(finding)
      if (!values.json) process.stdout.write(line(finding))
    }
    const [fails, warns] = ['fail', 'warn'].map((grade) => all.filter((finding) => finding.grade === grade).length)
    const verdict = fails ? 'not fit' : warns ? 'fit, with a warning' : 'fit'
    process.stdout.write(values.json ? `${JSON.stringify({ verdict, findings: all })}\n` : `\n${verdict}\n`)
    return fails ? 1 : 0
  },
}

function line({ grade, what, says, hint }: Finding): string {
  return `${grade.padEnd(5)} ${what.padEnd(8)} ${says}\n${hint ? `${' '.repeat(15)}${hint}\n` : ''}`
}
