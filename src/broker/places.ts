// How many may come in: by one listener, and in all (the outer places). A client that sent its CONNECT has a place. Some
// more sockets may be open, to be told that there is no place left; when these are taken too, the one that has been silent
// longest makes room. So a flood of sockets that say nothing exhausts no descriptors, and locks nobody out who speaks.

import type { Socket } from 'node:net'

/** Sockets beside those of the clients. */
const ANTEROOM = 100

export class Places {
  /** Clients at a time; may be Infinity. Those who are in stay. */
  most: number
  readonly #outer: Places | undefined
  /** Those that have no place yet, the oldest first. */
  readonly #silent = new Set<Socket>()
  #clients = 0
  #sockets = 0
  /** Silent ones that made room. */
  pushedOut = 0

  /** @param most clients at a time; may be Infinity */
  constructor(most: number, outer?: Places) {
    this.most = most
    this.#outer = outer
  }

  get clients(): number {
    return this.#clients
  }

  /** Open sockets, those of the clients and those that have not said who they are. */
  get sockets(): number {
    return this.#sockets
  }

  /** A socket was accepted. */
  enter(socket: Socket): void {
    this.#outer?.enter(socket)
    this.#silent.add(socket)
    this.#sockets++
    socket.once('close', () => {
      this.#silent.delete(socket)
      this.#sockets--
    })
    if (this.#sockets > this.most + ANTEROOM) this.#pushOut()
  }

  /**
   * The socket has sent its CONNECT.
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
    for (const socket of this.#silent) socket.destroy()
  }

  get hasRoom(): boolean {
    return this.#clients < this.most && (this.#outer?.hasRoom ?? true)
  }

  #give(socket: Socket): void {
    this.#silent.delete(socket)
    this.#clients++
    socket.once('close', () => this.#clients--)
  }

  #pushOut(): void {
    const [oldest] = this.#silent
    if (!oldest) return
    for (let places: Places | undefined = this; places; places = places.#outer) {
      places.#silent.delete(oldest) // it counts until its 'close', and must not be pushed out twice
      places.pushedOut++
    }
    oldest.destroy()
  }
}
