// In every process of `npm run aedes-next`: `aedes` is the version that is looked at.

import { registerHooks } from 'node:module'

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'aedes' ? { url: process.env.HOLDFAST_AEDES!, shortCircuit: true } : next(specifier, context),
})
