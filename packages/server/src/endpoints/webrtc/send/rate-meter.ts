import type { Micros } from '@crossroom/media'

const WINDOW: Micros = 1_000_000

/** Packets and bits per second over the last whole second. */
export class RateMeter {
  #since: Micros | undefined
  #packets = 0
  #bytes = 0
  packetsPerSecond = 0
  bitsPerSecond = 0

  add(now: Micros, packets: number, bytes: number): void {
    this.#since ??= now
    const passed = now - this.#since
    if (passed >= WINDOW) {
      this.packetsPerSecond = (this.#packets * 1_000_000) / passed
      this.bitsPerSecond = (this.#bytes * 8_000_000) / passed
      this.#since = now
      this.#packets = 0
      this.#bytes = 0
    }
    this.#packets += packets
    this.#bytes += bytes
  }
}
