// A Debian package around a binary: a folder that looks as the machine will, board/common/deb as its DEBIAN, and dpkg-deb.

import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { commitTime } from './about.ts'
import { type Architecture, CACHE, DIST, filesIn, ROOT, tracked } from './place.ts'
import { releases } from './releases.ts'

/** As Debian names them. */
const NAMES: Readonly<Record<Architecture, string>> = { x64: 'amd64', arm64: 'arm64' }
const DOC = 'usr/share/doc/holdfast'

/** Where the package is. */
export const packageFile = (architecture: Architecture): string =>
  join(DIST, `holdfast_${releases()[0].version}_${NAMES[architecture]}.deb`)

/** Needs the binary in dist. @returns the package's file */
export function debianPackage(architecture: Architecture): string {
  const folder = join(CACHE, `deb-${architecture}`)
  rmSync(folder, { recursive: true, force: true })
  const [{ version }] = releases()
  fill(folder, `dist/holdfast-linux-${architecture}`)
  control(folder, { VERSION: version, ARCHITECTURE: NAMES[architecture] })
  const file = packageFile(architecture)
  const words = ['--root-owner-group', '--threads-max=1', '-Zxz', '--build', folder, file]
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(Date.parse(commitTime()) / 1000) }
  if (!existsSync('/usr/bin/dpkg-deb')) throw new Error('the package is made by dpkg-deb, which is not here')
  execFileSync('dpkg-deb', words, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  return file
}

/** What is on the machine then. */
function fill(folder: string, binary: string): void {
  put(folder, 'usr/bin/holdfast', from(binary), 0o755)
  put(folder, 'lib/systemd/system/holdfast.service', from('board/common/holdfast.service'))
  for (const name of tracked('etc')) put(folder, name.replace('etc/', 'etc/holdfast/'), from(name))
  put(folder, `${DOC}/copyright`, from('board/common/deb/copyright'))
  put(folder, `${DOC}/licences.txt.gz`, gzip(from(`${binary}.licences.txt`)))
  put(folder, `${DOC}/CHANGELOG.md.gz`, gzip(from('CHANGELOG.md')))
  put(folder, `${DOC}/changelog.gz`, gzip(changelog()))
  put(folder, 'usr/share/lintian/overrides/holdfast', from('board/common/deb/lintian-overrides'))
}

/** What dpkg is told of it. */
function control(folder: string, words: Record<string, string>): void {
  const names = filesIn(folder)
  const bytes = names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  const known: Record<string, string> = { ...words, KILOBYTES: String(Math.ceil(bytes / 1024)) }
  const text = from('board/common/deb/control').toString()
  const isConf = (name: string): boolean => name.startsWith('etc/')
  const md5 = (name: string): string => hash('md5', readFileSync(join(folder, name)))
  const confs = names.filter(isConf).map((name) => `/${name}\n`)
  const others = names.filter((name) => !isConf(name)).map((name) => `${md5(name)}  ${name}\n`)
  const filled = text.replace(/@(\w+)@/g, (_, key) => known[key]!)
  put(folder, 'DEBIAN/control', filled)
  put(folder, 'DEBIAN/conffiles', confs.join(''))
  put(folder, 'DEBIAN/md5sums', others.join(''))
  for (const name of ['postinst', 'prerm', 'postrm']) {
    put(folder, `DEBIAN/${name}`, from(`board/common/deb/${name}`), 0o755)
  }
}

function put(folder: string, name: string, content: string | Buffer, mode = 0o644): void {
  const file = join(folder, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  chmodSync(file, mode)
}

const from = (name: string): Buffer => readFileSync(join(ROOT, name))
const gzip = (content: string | Buffer): Buffer => gzipSync(content, { level: 9 })

/** In Debian's form; what has changed is in CHANGELOG.md beside it. */
function changelog(): string {
  return releases()
    .map(({ version, date }) => {
      const at = new Date(`${date}T12:00:00Z`).toUTCString().replace('GMT', '+0000')
      const by = `Holdfast <holdfast@users.noreply.github.com>  ${at}`
      return `holdfast (${version}) stable; urgency=medium\n\n  * See CHANGELOG.md.gz.\n\n -- ${by}\n`
    })
    .join('\n')
}
