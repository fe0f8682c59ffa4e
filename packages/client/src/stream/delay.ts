import type { DelayPart } from './source.js'

const BEST_WINDOW_MS = 120_000
const LAG_WINDOW_MS = 1_000

/** A minimum over the last so many milliseconds, in two halves so that it needs no list. */
class RecentMinimum {
  readonly #halfMs: number
  #older = Infinity
  #newer = Infinity
  #turnAt = -Infinity

  constructor(windowMs: number) {
    this.#halfMs = windowMs / 2
  }

  add(nowMs: number, value: number): void {
    if (nowMs - this.#turnAt >= this.#halfMs) {
      this.#older = this.#newer
      this.#newer = Infinity
      this.#turnAt = nowMs
    }
    this.#newer = Math.min(this.#newer, value)
  }

  get value(): number {
    return Math.min(this.#older, this.#newer)
  }
}

/**
 * The delay of a stream that carries no clock (FLV), from what a page can see: how much is buffered ahead of the picture
 * shown, and how much later than the quickest of the last two minutes the newest bytes come, which shows a queue
 * building up on the way.
 */
export class BufferDelay {
  readonly #best = new RecentMinimum(BEST_WINDOW_MS)
  readonly #recent = new RecentMinimum(LAG_WINDOW_MS)
  #lastEnd = -1
  #bufferMs = 0

  /** `bufferedEnd` and `currentTime` are in seconds of the media. */
  observe(nowMs: number, bufferedEnd: number, currentTime: number): void {
    this.#bufferMs = Math.max(0, (bufferedEnd - currentTime) * 1000)
    if (bufferedEnd === this.#lastEnd) return
    this.#lastEnd = bufferedEnd
    const arrival = nowMs - bufferedEnd * 1000
    this.#best.add(nowMs, arrival)
    this.#recent.add(nowMs, arrival)
  }

  /** The parts; nothing before the first observation. `roundTripMs` is to the server. */
  parts(roundTripMs: number | undefined): DelayPart[] {
    if (this.#lastEnd < 0) return []
    const parts: DelayPart[] = [
      { kind: 'buffer', ms: this.#bufferMs },
      { kind: 'lag', ms: Math.max(0, this.#recent.value - this.#best.value) },
    ]
    if (roundTripMs !== undefined) parts.push({ kind: 'network', ms: roundTripMs / 2 })
    return parts
  }
}

/** The counters of `getStats()` that delay is made of; seconds, as WebRTC's statistics have them. */
export interface ReceiverCounters {
  readonly jitterBufferDelay: number
  readonly jitterBufferEmittedCount: number
  readonly totalDecodeTime: number
  readonly framesDecoded: number
  readonly roundTripTime?: number
}

/** The mean delay between two readings of a receiver's counters. */
export function receiverDelay(before: ReceiverCounters | undefined, now: ReceiverCounters): DelayPart[] {
  const parts: DelayPart[] = []
  const emitted = now.jitterBufferEmittedCount - (before?.jitterBufferEmittedCount ?? 0)
  const decoded = now.framesDecoded - (before?.framesDecoded ?? 0)
  if (emitted > 0) {
    parts.push({ kind: 'buffer', ms: ((now.jitterBufferDelay - (before?.jitterBufferDelay ?? 0)) * 1000) / emitted })
  }
  if (decoded > 0) {
    parts.push({ kind: 'decoding', ms: ((now.totalDecodeTime - (before?.totalDecodeTime ?? 0)) * 1000) / decoded })
  }
  if (now.roundTripTime !== undefined) parts.push({ kind: 'network', ms: (now.roundTripTime * 1000) / 2 })
  return parts
}

/** What a receiver says of playout and of the last sender report; all in milliseconds since 1970. */
export interface PlayoutReading {
  /** This machine's clock at the reading. */
  readonly atMs: number
  /** When the picture or sound that plays at `atMs` was taken in, on the server's clock. */
  readonly playoutMs: number
  /** The server's clock in its last sender report, and this machine's clock when the report came. */
  readonly reportSentMs: number
  readonly reportReceivedMs: number
  readonly roundTripMs: number
}

/** The delay from the server to the screen, by the server's clock, which its sender reports tell. */
export class PlayoutDelay {
  /** The server's clock minus ours, by the report that was quickest on its way. */
  #clockOffsetMs = -Infinity

  /** Takes a reading; undefined when it makes no sense. */
  update(reading: PlayoutReading): number | undefined {
    const offsetMs = reading.reportSentMs + reading.roundTripMs / 2 - reading.reportReceivedMs
    this.#clockOffsetMs = Math.max(this.#clockOffsetMs, offsetMs)
    const delayMs = reading.atMs + this.#clockOffsetMs - reading.playoutMs
    return delayMs > 0 && delayMs < 60_000 ? delayMs : undefined
  }
}

/** The delay in milliseconds: the whole when it is known, else the sum of the parts; undefined when nothing is known. */
export function totalDelay(parts: readonly DelayPart[]): number | undefined {
  const whole = parts.find((part) => part.kind === 'whole')
  if (whole !== undefined) return whole.ms
  return parts.length === 0 ? undefined : parts.reduce((sum, part) => sum + part.ms, 0)
}
