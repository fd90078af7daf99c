// `plugins …`: which backends run.

import { command } from './command.ts'
import { type Candidate, required, word } from './parameter.ts'
import { flag, integer, listOf, record, text } from './schema.ts'

const PLUGIN = record({ name: text(), loaded: flag(), pools: listOf(text()), hooks: integer(), file: text() })

const name = required(word("a plugin's name"), 'NAME', 'emqx_backend_<kind>', {
  *candidates({ plugins }): Iterable<Candidate> {
    for (const { name, loaded } of plugins.list()) yield { word: name, doc: loaded ? 'loaded' : 'not loaded' }
  },
})

const list = command('plugins list', {
  summary: 'the backends that have a file, and which are loaded',
  result: listOf(PLUGIN),
  run: ({ plugins }) => plugins.list(),
})

const load = command('plugins load', {
  summary: 'load emqx_backend_<kind>',
  parameters: { name },
  result: PLUGIN,
  will: (_, input) => `Loads ${input.name}: its hooks run from now on, and its pools are connected.`,
  run: ({ plugins }, input, caller) => plugins.load(input.name, caller),
})

const unload = command('plugins unload', {
  summary: 'unload it; what waits in its lanes stays',
  parameters: { name },
  result: PLUGIN,
  will: (_, input) => `Unloads ${input.name}: its hooks run no more. What waits for its pools stays, and waits.`,
  run: ({ plugins }, input, caller) => plugins.unload(input.name, caller),
})

const reload = command('plugins reload', {
  summary: 'read its file again',
  parameters: { name },
  result: PLUGIN,
  will: () => 'Reads all files of plugins again, and runs by them.',
  run: ({ plugins }, input, caller) => plugins.reload(input.name, caller),
})

export const PLUGIN_COMMANDS = [list, load, unload, reload]
