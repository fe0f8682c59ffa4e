import type { Socket } from 'node:net'
import { connectOut, type SocketWatch } from '../net/index.js'
import type { Targets } from './targets.js'

/** A host to connect to. */
export interface Place {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

/** Connects to other servers: a host is judged by its address, and the connection goes to the address that was judged. */
export class JobNetwork {
  readonly targets: Targets
  readonly #sockets: SocketWatch
  readonly #kind: string

  /** `kind` names the sockets in metrics. */
  constructor(targets: Targets, sockets: SocketWatch, kind: string) {
    this.targets = targets
    this.#sockets = sockets
    this.#kind = kind
  }

  /**
   * A socket that connects; `ready` is called when bytes may be written.
   * @throws TargetRefused
   */
  async connect({ host, port, tls }: Place, ready: () => void = () => undefined): Promise<Socket> {
    const address = await this.targets.addressOf(host)
    return connectOut({ address, port, tls, host }, this.#kind, this.#sockets, ready)
  }
}
