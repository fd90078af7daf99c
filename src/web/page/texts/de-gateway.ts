// All of the gateway's own English, in German. It is loaded when somebody reads German.

import { DE_COMMANDS } from './de-commands.ts'
import { DE_DATABASES } from './de-databases.ts'
import { DE_FAULTS } from './de-faults.ts'
import { DE_KEYS } from './de-keys.ts'
import { DE_REFUSALS } from './de-refusals.ts'
import { DE_SAID } from './de-said.ts'
import { DE_UPDATE } from './de-update.ts'
import type { Sentences } from './translator.ts'

export const DE_GATEWAY: Sentences = {
  ...{ ...DE_KEYS, ...DE_COMMANDS },
  ...{ ...DE_SAID, ...DE_FAULTS, ...DE_REFUSALS, ...DE_DATABASES, ...DE_UPDATE },
}
