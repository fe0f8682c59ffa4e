import { loadAddon } from './addon.js'

/** What the kernel knows of TCP sockets by their file descriptors. Outside Linux it knows nothing. */
export class NativeTcp {
  readonly #addon = loadAddon()

  /** Fills two numbers for each of the first `count`: bytes the peer acknowledged (0 while none wait), bytes that wait for that; -1 for no TCP. */
  tcpProgress(fds: Int32Array, count: number, out: Float64Array): void {
    this.#addon.tcpProgress(fds, count, out)
  }

  /** Bounds what the kernel keeps and has not sent. */
  tcpBoundUnsent(fd: number, bytes: number): void {
    this.#addon.tcpBoundUnsent(fd, bytes)
  }
}
