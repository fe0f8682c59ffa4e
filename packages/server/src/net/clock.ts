import type { Micros } from '@crossroom/media'

/** `performance.now` and `hrtime` read the same clock from different starts; the kernel's time stamps are on the second. */
const START: Micros = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000

/** The process's monotonic clock (that of `process.hrtime`) and Node's timers. */
export const systemClock = {
  now(): Micros {
    return Math.round(START + performance.now() * 1000)
  },
  after(delay: Micros, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.max(0, Math.ceil(delay / 1000)))
    return () => clearTimeout(timer)
  },
}

/** What the driver needs of a clock. */
export interface DriverClock {
  now(): Micros
  after(delay: Micros, callback: () => void): () => void
}
