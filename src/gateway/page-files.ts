// The built page (scripts/build.d/page.ts): files in the folder `page` of the clone or the binary, none in a folder below.

import { partsIn, readPart } from '../system/program.ts'

const FOLDER = 'page'

/** Paths of all files, such as `/index.html`; empty where the page is not built. */
export function pageFiles(): ReadonlySet<string> {
  return new Set(partsIn(FOLDER).map((name) => name.slice(FOLDER.length)))
}

/** @param path one of `pageFiles()`, nothing else */
export const readPageFile = (path: string): Buffer => readPart(FOLDER + path)
