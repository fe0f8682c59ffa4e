import { createSocket, type Socket } from 'node:dgram'

const HOST = '127.0.0.1'

/**
 * The only way of FFmpeg's WebRTC to its target: a port of this machine that leads to the address that was judged. FFmpeg sends on
 * for ever to a target that is gone; what comes back from the target shows that it is there.
 */
export class UdpRelay {
  readonly #inner: Socket
  readonly #outer: Socket
  readonly #port: number
  /** When the target was heard last, in milliseconds. */
  heardAt = performance.now()

  private constructor(inner: Socket, outer: Socket) {
    this.#inner = inner
    this.#outer = outer
    this.#port = inner.address().port
    let peerPort: number | undefined
    inner.on('message', (bytes, { port }) => {
      peerPort = port
      outer.send(bytes)
    })
    outer.on('message', (bytes) => {
      this.heardAt = performance.now()
      if (peerPort !== undefined) inner.send(bytes, peerPort, HOST)
    })
    // A port that is closed is told by the silence.
    for (const socket of [inner, outer]) socket.on('error', () => undefined)
  }

  /** Resolves when FFmpeg may send. */
  static async open({ address, port }: { readonly address: string; readonly port: number }): Promise<UdpRelay> {
    const [inner, outer] = [createSocket('udp4'), createSocket('udp4')]
    await new Promise<void>((resolve, reject) => {
      inner.once('error', reject)
      inner.bind(0, HOST, resolve)
    })
    await new Promise<void>((resolve, reject) => {
      outer.once('error', reject)
      outer.connect(port, address, resolve)
    })
    return new UdpRelay(inner, outer)
  }

  /** Of 127.0.0.1. */
  get port(): number {
    return this.#port
  }

  /** Once. */
  close(): void {
    this.#inner.close()
    this.#outer.close()
  }
}
