import { loadAddon } from './addon.js'

/** What the kernel knows of TCP sockets by their file descriptors. Outside Linux it knows nothing. */
export class NativeTcp {
  readonly #addon = loadAddon()

  /**
   * Fills three numbers for each of the first `count`: bytes the peer's kernel acknowledged, bytes that wait for that, and how
   * many bytes in all the peer's kernel accepts so far, which increases while the peer reads; -1: unknown.
   */
  tcpProgress(fds: Int32Array, count: number, out: Float64Array): void {
    this.#addon.tcpProgress(fds, count, out)
  }

  /** Bounds what the kernel keeps and has not sent. */
  tcpBoundUnsent(fd: number, bytes: number): void {
    this.#addon.tcpBoundUnsent(fd, bytes)
  }
}
