// Folders that are copied and put back: a gateway's data, a server's.

import { execFileSync } from 'node:child_process'
import { copyFileSync, lstatSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewayProcess } from '../helpers/gateway.ts'
import type { Address, Server } from './kind.ts'
import type { Publishers } from './publishers.ts'
import { drained, type Line, type Scene } from './scene.ts'

export const copyFolder = (from: string, to: string): unknown => execFileSync('cp', ['-a', from, to])

/** Overwrites the files, so that each keeps its inode: nothing but its content tells that the journal is an old one. */
export function restoreInPlace(older: string, folder: string): void {
  const regular = (name: string, parent: string): boolean => lstatSync(join(parent, name)).isFile()
  for (const name of readdirSync(folder).filter((name) => regular(name, folder))) {
    if (!readdirSync(older).includes(name)) rmSync(join(folder, name))
  }
  for (const name of readdirSync(older).filter((name) => regular(name, older))) {
    copyFileSync(join(older, name), join(folder, name))
  }
}

/** A gateway with a copy of the other's data folder, which stands still meanwhile: what a snapshot of the disk has. */
export function copyOf(scene: Scene, gateway: GatewayProcess, pool: Address): GatewayProcess {
  const copy = scene.gateway(pool)
  copyFolder(gateway.data, copy.data)
  return copy
}

/** Both publish for a while; then everything has to be in the database. */
export async function bothPublish(
  scene: Scene,
  publishers: Publishers,
  gateways: readonly GatewayProcess[],
  others = scene.publishers(gateways[1]!),
): Promise<void> {
  publishers.flow()
  others.flow()
  await sleep(2000)
  await Promise.all([publishers.settle(), others.settle()])
  for (const gateway of gateways) await drained(gateway)
}

/** A journal of 50 messages a publisher, a copy of it, and 50 more that are in the database and not in the copy. */
export async function withOlderCopy(scene: Scene, { gateway }: Line) {
  const publishers = scene.publishers(gateway)
  await publishers.publish(50)
  await drained(gateway)
  await gateway.stop()
  const older = scene.path('older')
  copyFolder(gateway.data, older)
  await gateway.start()
  await publishers.publish(50)
  await drained(gateway)
  await gateway.stop()
  return { publishers, older }
}

/** 50 messages a publisher, a backup of the database, and 50 more. */
export async function withOlderBackup(scene: Scene, { server, gateway }: Line) {
  const publishers = scene.publishers(gateway)
  await publishers.publish(50)
  await drained(gateway)
  const restore = await backUp(server, scene)
  await publishers.publish(50)
  await drained(gateway)
  return { publishers, restore }
}

/** A copy of the server's folder while it stands still: what a snapshot of its disk has. @returns what puts it back */
async function backUp(server: Server, scene: Scene): Promise<() => Promise<void>> {
  const backup = scene.path('backup')
  server.pause()
  copyFolder(server.folder, backup)
  server.resume()
  return async () => {
    await server.kill9()
    rmSync(server.folder, { recursive: true })
    copyFolder(backup, server.folder)
    await server.start()
  }
}
