import type { MediaFrame, Micros } from '@crossroom/media'
import type { FrameFilter } from './silence-filler.js'
import type { Tracks } from './sink.js'

/** Omits one kind of track, for viewers without permission; the rest goes to `next`. */
export class WithoutTrack implements FrameFilter {
  readonly #kind: 'audio' | 'video'
  readonly #next: FrameFilter | undefined

  constructor(kind: 'audio' | 'video', next?: FrameFilter) {
    this.#kind = kind
    this.#next = next
  }

  tracks({ audio, video }: Tracks): Tracks {
    const rest: Tracks = this.#kind === 'audio' ? (video ? { video } : {}) : audio ? { audio } : {}
    return this.#next?.tracks(rest) ?? rest
  }

  cached(frames: readonly MediaFrame[]): readonly MediaFrame[] {
    const rest = frames.filter((frame) => frame.config.kind !== this.#kind)
    return this.#next?.cached(rest) ?? rest
  }

  process(frame: MediaFrame): readonly MediaFrame[] {
    if (frame.config.kind === this.#kind) return []
    return this.#next?.process(frame) ?? [frame]
  }

  idle(until: Micros, now: Micros): readonly MediaFrame[] {
    return this.#next?.idle?.(until, now) ?? []
  }
}
