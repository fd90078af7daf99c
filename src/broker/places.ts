// How many may come in: by one listener, and in all (the outer places). A client that was let in has a place. Some more sockets
// may be open: of those who have not said who they are, or have not proven it, and to be told that there is no place left. When
// these are taken too, the longest waiting one makes room, of the network that most of them come from. So a flood of strangers
// exhausts no descriptors, and locks nobody out who has a password and comes from elsewhere.

import type { Socket } from 'node:net'
import { networkOf } from '../model/network.ts'

/** Sockets beside those of the clients. */
const ANTEROOM = 100

export class Places {
  /** Clients at a time; may be Infinity. Those who are in stay. */
  most: number
  readonly #outer: Places | undefined
  /** Those that have no place yet, by their network; of each the oldest first. */
  readonly #waiting = new Map<string, Set<Socket>>()
  readonly #networks = new WeakMap<Socket, string>()
  #clients = 0
  #sockets = 0
  /** Strangers that made room. */
  pushedOut = 0

  /** @param most clients at a time; may be Infinity */
  constructor(most: number, outer?: Places) {
    this.most = most
    this.#outer = outer
  }

  get clients(): number {
    return this.#clients
  }

  /** Open sockets, those of the clients and those of strangers. */
  get sockets(): number {
    return this.#sockets
  }

  /** A socket was accepted. */
  enter(socket: Socket): void {
    this.#outer?.enter(socket)
    const network = networkOf(socket.remoteAddress ?? '')
    this.#networks.set(socket, network)
    this.#waiting.set(network, (this.#waiting.get(network) ?? new Set()).add(socket))
    this.#sockets++
    socket.once('close', () => {
      this.#leave(socket)
      this.#sockets--
    })
    if (this.#sockets > this.most + ANTEROOM) this.#pushOut()
  }

  /**
   * The socket's client is let in.
   * @param anyway it takes over the place of a connection that is about to end
   * @returns whether it got a place
   */
  take(socket: Socket, anyway: boolean): boolean {
    if (socket.destroyed) return true // it is gone, and would never give its place back
    if (!anyway && !this.hasRoom) return false
    for (let places: Places | undefined = this; places; places = places.#outer) places.#give(socket)
    return true
  }

  /** Ends the sockets that have no place. */
  turnAway(): void {
    for (const sockets of this.#waiting.values()) for (const socket of sockets) socket.destroy()
  }

  get hasRoom(): boolean {
    return this.#clients < this.most && (this.#outer?.hasRoom ?? true)
  }

  #give(socket: Socket): void {
    this.#leave(socket)
    this.#clients++
    socket.once('close', () => this.#clients--)
  }

  #pushOut(): void {
    let most: ReadonlySet<Socket> = new Set()
    for (const sockets of this.#waiting.values()) if (sockets.size > most.size) most = sockets
    const [oldest] = most
    if (!oldest) return
    for (let places: Places | undefined = this; places; places = places.#outer) {
      places.#leave(oldest) // it counts until its 'close', and must not be pushed out twice
      places.pushedOut++
    }
    oldest.destroy()
  }

  /** It is none of those that wait any more. */
  #leave(socket: Socket): void {
    const network = this.#networks.get(socket)!
    const sockets = this.#waiting.get(network)
    sockets?.delete(socket)
    if (sockets?.size === 0) this.#waiting.delete(network)
  }
}
