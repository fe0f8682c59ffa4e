import type { Socket } from 'node:net'
import type { Micros } from '@crossroom/media'
import { addressGroup, type FairShare } from '../config/index.js'
import { plainAddress } from './address-ranges.js'
import type { TrustedProxies } from './client-address.js'
import type { ListeningClock } from './clock.js'
import type { PendingConnection, PendingConnections } from './pending-connections.js'
import type { SocketWatch } from './socket-watch.js'

export interface FrontDoorOptions {
  readonly clock: Pick<ListeningClock, 'listened' | 'after'>
  readonly proxies: TrustedProxies
  readonly pending: PendingConnections
  /** Connections of all protocols, admitted or not, shared fairly by addresses. */
  readonly places: FairShare
  readonly watch: SocketWatch
  /** From accept to a finished TLS handshake. */
  readonly handshakeMicros: Micros
}

/** One accepted connection. It counts as a stranger until it is settled, and again while it waits. */
export class Guest implements PendingConnection {
  readonly listener: string
  /** IP address of the other end. */
  readonly address: string
  /** The other end is a trusted proxy that names its clients: they are counted, not it. */
  readonly isProxy: boolean
  readonly #strangers: PendingConnections
  readonly #evict: () => void
  #pending: PendingConnection | undefined

  constructor(
    from: { readonly listener: string; readonly address: string; readonly isProxy: boolean },
    strangers: PendingConnections,
    evict: () => void,
  ) {
    this.listener = from.listener
    this.address = from.address
    this.isProxy = from.isProxy
    this.#strangers = strangers
    this.#evict = evict
    this.wait()
  }

  received(bytes: number): void {
    this.#pending?.received(bytes)
  }

  settle(): void {
    this.#pending?.settle()
    this.#pending = undefined
  }

  /** It has nothing under way: a stranger again. Idempotent. */
  wait(): void {
    if (!this.isProxy) this.#pending ??= this.#strangers.add(this.address, this.#evict)
  }
}

/** Admits the connections of all listeners: limits their number in total and per address. */
export class FrontDoor {
  readonly #options: FrontDoorOptions
  /** Connections and proxied requests that found no place. */
  refused = 0
  /** By both ends, for a TLS socket is another object than the socket that was accepted. */
  readonly #guests = new Map<string, { readonly guest: Guest; readonly greeted: () => void }>()

  constructor(options: FrontDoorOptions) {
    this.#options = options
  }

  /** Takes an accepted socket in, or destroys it: undefined. `tls`: it has to shake hands before it is written to. */
  enter(socket: Socket, listener: string, tls: boolean): Guest | undefined {
    const { clock, handshakeMicros, pending, proxies, watch } = this.#options
    // A unix socket has no address: its other end is on this machine.
    const address = plainAddress(socket.remoteAddress ?? '127.0.0.1')
    const isProxy = proxies.trusts(address)
    const leave = isProxy ? () => undefined : this.takePlace(address)
    if (leave === undefined) {
      socket.destroy()
      return undefined
    }
    const destroy = (): void => void socket.destroy()
    const guest = new Guest({ listener, address, isProxy }, pending, destroy)
    const greeted = tls ? clock.after(handshakeMicros, destroy) : () => undefined
    const key = keyOf(socket)
    if (tls) this.#guests.set(key, { guest, greeted })
    socket.once('close', () => {
      this.#guests.delete(key)
      greeted()
      guest.settle()
      leave()
    })
    if (!tls) watch.add(socket, listener)
    return guest
  }

  /** The TLS handshake of this socket is over; undefined when its connection is gone. */
  shookHands(socket: Socket): Guest | undefined {
    const entry = this.#guests.get(keyOf(socket))
    if (entry === undefined) return undefined
    entry.greeted()
    this.#options.watch.add(socket, entry.guest.listener)
    return entry.guest
  }

  /** A place for one address, which the answer gives back; undefined when the address has its share. */
  takePlace(address: string): (() => void) | undefined {
    const leave = this.#options.places.take(addressGroup(address))
    if (leave === undefined) this.refused++
    return leave
  }
}

function keyOf({ localPort, remoteAddress, remotePort }: Socket): string {
  return `${String(localPort)} ${String(remoteAddress)} ${String(remotePort)}`
}
