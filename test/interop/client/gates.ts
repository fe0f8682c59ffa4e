import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A TCP port that leads to another, until it is cut. */
export interface TcpGate {
  readonly port: number
  /** Where it leads; may be said after a server that announces this gate has started. */
  readonly lead: (target: number) => void
  /** Ends every connection at once; new ones are let through. */
  readonly cut: () => void
  /** Ends every connection at once, and new ones as they come, until it is told false. */
  readonly shut: (isShut: boolean) => void
  /** Lets nothing through on the connections there are, and tells nobody; new ones are let through. */
  readonly silence: () => void
  readonly close: () => void
}

/** Opens a free port of 127.0.0.1. */
export async function openTcpGate(towards: number): Promise<TcpGate> {
  const sockets = new Set<Socket>()
  let target = towards
  let isClosed = false
  const gate = createServer((near) => {
    if (isClosed) {
      near.destroy()
      return
    }
    const far = connect(target, '127.0.0.1')
    // Two hops that wait for each other's acknowledgements are slower than any network.
    for (const socket of [near, far]) socket.setNoDelay(true)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.once('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  gate.listen(0, '127.0.0.1')
  await once(gate, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const silence = (): void => {
    for (const socket of sockets) socket.unpipe().resume()
  }
  const close = (): void => {
    gate.close()
    cut()
  }
  return {
    port: (gate.address() as AddressInfo).port,
    lead: (port) => (target = port),
    cut,
    shut: (isShut) => {
      isClosed = isShut
      if (isShut) cut()
    },
    silence,
    close,
  }
}

/** A UDP port that leads to another, for those whom it admits. */
export interface UdpGate {
  readonly port: number
  /** Where it leads; may be said after a server that announces this gate has started. */
  readonly lead: (target: number) => void
  /** Whoever came through until now comes through no more, as after a change of the network. */
  readonly cut: () => void
  readonly close: () => void
}

/** Opens a free port of 127.0.0.1. `admits` looks at the port that a datagram comes from. */
export async function openUdpGate(admits: (port: number) => boolean = () => true): Promise<UdpGate> {
  const gate = createSocket('udp4')
  const ways = new Map<number, UdpSocket>()
  const dead = new Set<number>()
  let target = 0
  gate.on('message', (bytes, from) => {
    if (dead.has(from.port) || !admits(from.port)) return
    let way = ways.get(from.port)
    if (way === undefined) {
      way = createSocket('udp4')
      way.on('message', (answer) => {
        if (!dead.has(from.port)) gate.send(answer, from.port, from.address)
      })
      way.on('error', () => undefined)
      ways.set(from.port, way)
    }
    way.send(bytes, target, '127.0.0.1')
  })
  gate.bind(0, '127.0.0.1')
  await once(gate, 'listening')
  return {
    port: gate.address().port,
    lead: (port) => (target = port),
    cut: () => {
      for (const port of ways.keys()) dead.add(port)
    },
    close: () => {
      gate.close()
      for (const way of ways.values()) way.close()
    },
  }
}
