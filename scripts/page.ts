// Builds the page where its sources have changed since.

import { buildPage } from './build.d/page.ts'

await buildPage()
