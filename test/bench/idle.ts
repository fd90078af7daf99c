import { BenchClient } from './client.ts'
import { type Bench, inTurns, median } from './figure.ts'
import { residentMb, SQLITE_HOOK, startGateway } from './gateway.ts'
import { startMosquitto } from './peers.ts'

const CLIENTS = 10_000
/** Connecting at a time. */
const AT_A_TIME = 100

export const idle: Bench = {
  about: `memory of ${CLIENTS} idle clients, each with one subscription`,
  async run(rounds) {
    const kbEach = await inTurns(rounds, { Holdfast: ours, mosquitto })
    const [own, peer] = [median(kbEach.Holdfast!), median(kbEach.mosquitto!)]
    return [{ what: 'a client', unit: 'KB', value: own, peer: { name: 'mosquitto', value: peer }, detail: kbEach }]
  },
}

async function ours(): Promise<number> {
  const gateway = await startGateway(SQLITE_HOOK)
  try {
    return await measure(gateway.port, gateway.pid!)
  } finally {
    await gateway.remove()
  }
}

async function mosquitto(): Promise<number> {
  const peer = await startMosquitto()
  try {
    return await measure(peer.port, peer.pid)
  } finally {
    await peer.stop()
  }
}

/** @returns KB a client */
async function measure(port: number, pid: number): Promise<number> {
  const before = residentMb(pid)
  const clients: BenchClient[] = []
  while (clients.length < CLIENTS) {
    const numbers = Array.from({ length: AT_A_TIME }, (_, index) => clients.length + index)
    clients.push(
      ...(await Promise.all(
        numbers.map(async (number) => {
          const client = await BenchClient.connect(port, { clientId: `idle-${number}`, clean: true })
          await client.subscribed(`idle/${number}`)
          return client
        }),
      )),
    )
  }
  const after = residentMb(pid)
  await Promise.all(clients.map((client) => client.leave()))
  return ((after - before) * 1024) / CLIENTS
}
