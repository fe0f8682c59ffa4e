/** A member without a report for this long is no longer played. The simulator reports every second. */
const GONE_MS = 2500
/** The number of members that fit into a line. */
const MAX_SHOWN = 3

/** The displayed part of the simulator's report per second and member. */
interface Stats {
  readonly userId: string
  readonly frames: number
  readonly width: number
  readonly height: number
  readonly audioLevel: number
  /** By a clock in the picture; a camera has none. */
  readonly delayMs?: number
  readonly lateMs: number
}

interface Seen {
  readonly stats: Stats
  readonly atMs: number
  readonly perSecond: number
}

/** The media that a simulated phone receives from its room, as one line for a terminal. */
export class DemoView {
  readonly #seen = new Map<string, Seen>()

  /** Takes a line of `crossroom simulate --json`. */
  handleLine(text: string, nowMs: number): void {
    const stats = statsOf(text)
    if (stats === undefined) return
    const last = this.#seen.get(stats.userId)
    const frames = last === undefined ? 0 : stats.frames - last.stats.frames
    const seconds = last === undefined ? 1 : Math.max(0.001, (nowMs - last.atMs) / 1000)
    // A new player counts from 0 again.
    this.#seen.set(stats.userId, { stats, atMs: nowMs, perSecond: Math.max(0, Math.round(frames / seconds)) })
  }

  /** Undefined without members. */
  line(nowMs: number): string | undefined {
    for (const [userId, { atMs }] of this.#seen) if (nowMs - atMs > GONE_MS) this.#seen.delete(userId)
    if (this.#seen.size === 0) return undefined
    const all = [...this.#seen.values()]
    const more = all.length > MAX_SHOWN ? ` | and ${String(all.length - MAX_SHOWN)} more` : ''
    return `The phone receives ${all.slice(0, MAX_SHOWN).map(describe).join(' | ')}${more}`
  }
}

function describe({ stats, perSecond }: Seen): string {
  const { userId, frames, width, height, audioLevel, delayMs, lateMs } = stats
  const size = width === 0 ? 'no picture yet' : `${String(width)}×${String(height)}`
  const delay = delayMs === undefined ? `${String(lateMs)} ms late` : `${String(delayMs)} ms old`
  return `${userId}: ${size}, ${String(frames)} pictures (${String(perSecond)}/s), sound ${String(audioLevel)}, ${delay}`
}

function statsOf(text: string): Stats | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const line = JSON.parse(text) as Stats & { readonly event?: string }
    return line.event === 'stats' ? line : undefined
  } catch {
    return undefined
  }
}
