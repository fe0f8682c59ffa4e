import type { Socket } from 'node:net'
import type { Clock } from '../../hub/index.js'
import type { Targets } from '../../jobs/index.js'
import { connectOut, type SocketWatch } from '../../net/index.js'

/** A host to connect to. */
export interface Place {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

/** Connects to sources: a host is judged by its address, and the connection goes to the address that was judged. */
export class FetchNetwork {
  readonly clock: Clock
  readonly #targets: Targets
  readonly #sockets: SocketWatch

  constructor(clock: Clock, targets: Targets, sockets: SocketWatch) {
    this.clock = clock
    this.#targets = targets
    this.#sockets = sockets
  }

  /**
   * A socket that connects; `ready` is called when bytes may be written.
   * @throws TargetRefused
   */
  async connect({ host, port, tls }: Place, ready: () => void = () => undefined): Promise<Socket> {
    const address = await this.#targets.addressOf(host)
    return connectOut({ address, port, tls, host }, 'pull', this.#sockets, ready)
  }
}
