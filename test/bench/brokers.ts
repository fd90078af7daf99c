// The same load on our broker and on its peers.

import { type Figure, median } from './figure.ts'
import { startGateway } from './gateway.ts'
import { generate, type Load, type LoadOptions } from './native.ts'
import { type Peer, startMosquitto } from './peers.ts'

type Options = Omit<LoadOptions, 'port'>

export async function onGateway(plugins: Readonly<Record<string, string>>, options: Options): Promise<Load> {
  const gateway = await startGateway(plugins)
  try {
    return await generate({ port: gateway.port, ...options })
  } finally {
    await gateway.remove()
  }
}

export async function onPeer(starting: Promise<Peer>, options: Options): Promise<Load> {
  const peer = await starting
  try {
    return await generate({ port: peer.port, ...options })
  } finally {
    await peer.stop()
  }
}

/** Its default queue of 1000 messages a subscriber would drop what the others deliver. */
export const onMosquitto = (options: Options): Promise<Load> => onPeer(startMosquitto('max_queued_messages 0'), options)

export interface Comparison {
  readonly what: string
  readonly own: string
  readonly peer: string
  /** Absent: acknowledged messages. */
  readonly counted?: 'acksPerSecond' | 'receivedPerSecond'
}

export function compare(loads: Readonly<Record<string, Load[]>>, comparison: Comparison): Figure {
  const { what, own, peer, counted = 'acksPerSecond' } = comparison
  const rate = (name: string): number => median(loads[name]!.map((load) => load[counted]))
  return {
    what,
    unit: 'msg/s',
    value: rate(own),
    peer: { name: peer, value: rate(peer) },
    detail: { [own]: loads[own], [peer]: loads[peer] },
  }
}
