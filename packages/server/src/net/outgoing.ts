import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import type { SocketWatch } from './socket-watch.js'

export interface OutgoingTarget {
  /** IP address. */
  readonly address: string
  readonly port: number
  readonly tls: boolean
  /** For the TLS server name. */
  readonly host: string
  /** Instead of what a client needs who trusts public authorities. */
  readonly secure?: ConnectionOptions
}

/** Connects to another server; `ready` is called when bytes may be written. The socket is watched as those that came in. */
export function connectOut(
  { address, port, tls, host, secure }: OutgoingTarget,
  kind: string,
  watch: SocketWatch,
  ready: () => void,
): Socket {
  const target = { host: address, port }
  const socket = tls ? connectTls({ ...target, ...(secure ?? { servername: host }) }) : connect(target)
  socket.setNoDelay(true)
  socket.once(tls ? 'secureConnect' : 'connect', () => {
    watch.add(socket, kind)
    ready()
  })
  return socket
}
