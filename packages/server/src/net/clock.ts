import type { DriverClock, Micros } from '@crossroom/media'

/** `performance.now` and `hrtime` read the same clock from different starts; the kernel's time stamps are on the second. */
const START: Micros = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000

/** The clock looks at itself this often … */
const HEARTBEAT_MS = 250
/** … and when it did not for longer than this, the process stood still: only one heartbeat of it counts as listened. */
const STOOD_STILL: Micros = 1_000_000
/** The rest of a delay below this is within the precision of Node's timers. */
const TIMER_STEP: Micros = 1_000

/** Real time and timers; a test brings its own. */
export interface ClockHost {
  /** Monotonic. */
  now(): Micros
  setTimer(ms: number, callback: () => void): () => void
  /** Calls back again and again without keeping the process alive. */
  every(ms: number, callback: () => void): void
}

const NODE: ClockHost = {
  now: () => Math.round(START + performance.now() * 1000),
  setTimer: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
  every: (ms, callback) => {
    setInterval(callback, ms).unref()
  },
}

/**
 * The monotonic clock of the process (that of `process.hrtime`), its timers, and the time in which it listened.
 *
 * A process that stands still (a paused machine, swapping, a debugger) receives nothing, and must not mistake that for
 * silent peers. So `listened` stands still with the process, and `after` counts in it. Deadlines of peers use these two;
 * `now` is for media, which continued.
 */
export class ListeningClock {
  readonly #host: ClockHost
  readonly #watchers = new Set<(stoodStill: Micros) => void>()
  /** Undefined until its first use: an unused clock needs no heartbeat. */
  #lookedAt: Micros | undefined
  #missed: Micros = 0

  constructor(host: ClockHost = NODE) {
    this.#host = host
  }

  now(): Micros {
    return this.#host.now()
  }

  /** How long the process has stood still in all. */
  get stoodStill(): Micros {
    return this.#missed
  }

  /** Microseconds in which the process ran, from an arbitrary start. */
  listened(): Micros {
    const now = this.#host.now()
    this.#look(now)
    return now - this.#missed
  }

  /** Calls back once when the process has listened for `delay`; the answer cancels. */
  after(delay: Micros, callback: () => void): () => void {
    const due = this.listened() + Math.max(0, delay)
    let cancel: () => void
    const wait = (left: Micros): void => {
      cancel = this.#host.setTimer(Math.max(0, Math.ceil(left / 1000)), () => {
        const rest = due - this.listened()
        if (rest < TIMER_STEP) callback()
        else wait(rest)
      })
    }
    wait(delay)
    return () => cancel()
  }

  /** Calls back each time the process has stood still; the answer ends it. */
  onStoodStill(watcher: (stoodStill: Micros) => void): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  #look(now: Micros): void {
    if (this.#lookedAt === undefined) this.#host.every(HEARTBEAT_MS, () => this.listened())
    const gap = now - (this.#lookedAt ?? now)
    this.#lookedAt = now
    if (gap <= STOOD_STILL) return
    const missed = gap - HEARTBEAT_MS * 1000
    this.#missed += missed
    for (const watcher of this.#watchers) watcher(missed)
  }
}

/** The clock of this process. */
export const systemClock = new ListeningClock()

/** The same clock for a machine that knows the silence of its peer only. */
export function inListenedTime(clock: { listened(): Micros; after: DriverClock['after'] }): DriverClock {
  return { now: () => clock.listened(), after: (delay, callback) => clock.after(delay, callback) }
}
