// `update …`: what runs here, and how a newer version comes to it.

import type { Gateway } from '../gateway.ts'
import { CAME, installed } from '../machine.ts'
import { SLOT_STATES } from '../update/notes.ts'
import type { ImageState } from '../update/updates.ts'
import { versions } from '../version.ts'
import { command } from './command.ts'
import { required, word } from './parameter.ts'
import { type Described, flag, integer, listOf, oneOf, orNull, record, text, time } from './schema.ts'

const OF_IMAGE =
  '`update install FILE` with a newer bundle, then `reboot`; the version before it stays in the other slot. Configuration and data stay, and what waits goes on.'

const STEP = record({ percent: integer(), step: text() })

const IMAGE = record({
  compatible: text('what bundles must be made for'),
  booted: orNull(text('the slot that runs')),
  next: orNull(text('the slot that the next reboot starts')),
  onTrial: flag('the version that runs is not confirmed yet'),
  slots: listOf(
    record({
      slot: text(),
      version: orNull(text()),
      state: oneOf(SLOT_STATES, 'bad: it was tried in vain; unfinished: an installation ended in the middle'),
      installedAt: orNull(time()),
    }),
  ),
  installing: orNull(STEP),
  lastError: orNull(text('why the last installation failed')),
  brought: orNull(text('a bundle that was brought over the network and waits to be installed')),
})

const status = command('update status', {
  summary: 'which version runs here, and how a newer one comes',
  help: 'Of an image also its two slots, and the installation that goes on. --follow shows how far that is, to its end.',
  result: record(
    {
      version: text(),
      commit: text(),
      target: text('architecture that it was built for, or sources'),
      installed: oneOf(['package', 'binary', 'sources', 'image']),
      program: text('the file, or the folder of the sources'),
      next: text('what to do for a newer version'),
    },
    { image: IMAGE },
  ),
  did: ({ version, commit, target, installed, program, next, image }) =>
    [
      `Holdfast ${version} (${commit}, ${target}), ${installed}: ${program}`,
      ...(image ? linesOf(image) : []),
      next,
    ].join('\n'),
  async run({ updates }) {
    const { holdfast: version, commit, target } = versions()
    const { as, program } = installed()
    const own = { version: version!, commit: commit!, target: target!, program }
    const image = await updates.image()
    return image
      ? { ...own, installed: 'image' as const, next: OF_IMAGE, image }
      : { ...own, installed: as, next: CAME[as].next }
  },
  follow: {
    items: ({ updates }, _, signal) => updates.steps(signal),
    line: ({ percent, step }: { percent: number; step: string }) => `${String(percent).padStart(3)} % ${step}`,
  },
})

function linesOf({ booted, next, onTrial, slots, installing, lastError, brought }: ImageState): string[] {
  const about = (slot: string): string =>
    [slot === booted ? ', runs' : '', slot === next ? ', starts next' : ''].join('')
  return [
    ...slots.map(({ slot, version, state, installedAt }) =>
      [
        `slot ${slot}: ${version ?? '–'}, ${state}${about(slot)}`,
        ...(installedAt ? [`installed ${installedAt}`] : []),
      ].join(', '),
    ),
    ...(onTrial
      ? ['The version that runs is on trial: `update confirm` keeps it, `update rollback` takes it back.']
      : []),
    ...(installing ? [`An update is being installed: ${installing.percent} %, ${installing.step}`] : []),
    ...(lastError === null ? [] : [`The last update failed: ${lastError}`]),
    ...(brought === null ? [] : [`${brought} waits for \`update install ${brought}\`.`]),
  ]
}

const WRITTEN = record({ version: text(), slot: text('that it is written to') })

const install = command('update install', {
  recentLogin: true,
  summary: 'put a newer version into the slot that does not run',
  help: `A bundle (.raucb) for this device, signed by whom it knows; it is checked before anything is written. What runs goes on meanwhile;
\`reboot\` starts the new version, on trial: when it does not come up the machine goes back by itself, and \`update confirm\` ends the trial. What waits
in the queue is not touched. Of a package, a binary or sources \`update status\` says how a newer one comes.`,
  parameters: {
    file: required(
      word("a bundle's file"),
      'FILE',
      'A path; without a folder the one that was brought over the network',
      {
        isPath: true,
        *candidates({ updates }: Gateway) {
          const { file } = updates.brought
          if (file !== undefined) yield { word: file }
        },
      },
    ),
  },
  asks: true,
  result: WRITTEN,
  async will({ updates }, { file }, caller) {
    const { bundle, running, target } = await updates.plan(updates.pathOf(file, caller))
    return [
      `Writes ${bundle.version}, for ${bundle.compatible}, to slot ${target.slot}${target.version === null ? '' : `, in place of ${target.version}`}.`,
      `Slot ${running.slot} goes on running, and stays the way back.`,
      'What waits in the queue is not touched.',
    ].join(' ')
  },
  did: ({ version, slot }) => `${version} is being written to slot ${slot}. \`update status\` shows how far it is.`,
  goesOn: 'update status',
  async run({ updates }, { file }, caller) {
    const { bundle, target } = await updates.install(updates.pathOf(file, caller), caller)
    return { version: bundle.version, slot: target.slot }
  },
})

const STARTED = record({ version: orNull(text()), slot: text() })

const named = ({ slot, version }: Described<typeof STARTED>): string =>
  version === null ? `slot ${slot}` : `slot ${slot} (${version})`

const confirm = command('update confirm', {
  summary: 'keep the version that runs: its trial ends',
  result: STARTED,
  will: () => 'Tells the boot loader that the slot that runs is good. Its trial ends.',
  did: (started) => `The boot loader knows ${named(started)} as good: it is on trial no more.`,
  async run({ updates }, _, caller) {
    const { slot, version } = await updates.confirm(caller)
    return { slot, version }
  },
})

const rollback = command('update rollback', {
  recentLogin: true,
  summary: 'back to the version before: the next reboot starts it',
  help: `The other slot; of an update that waits for its reboot it is the slot that runs, which then stays. Configuration and data are the same for both. A version that is older than the
format of the data says so and does not run: then the boot loader goes back again.`,
  asks: true,
  result: STARTED,
  async will({ updates }) {
    return `Lets the next reboot start ${named(await updates.former())}. What waits in the queue is not touched.`
  },
  did: (started) => `The next \`reboot\` starts ${named(started)}.`,
  async run({ updates }, _, caller) {
    const { slot, version } = await updates.rollback(caller)
    return { slot, version }
  },
})

export const UPDATE_COMMANDS = [status, install, confirm, rollback]
