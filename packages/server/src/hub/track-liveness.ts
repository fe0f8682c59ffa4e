import type { MediaFrame, Micros } from '@crossroom/media'
import type { Tracks } from './sink.js'

/** Changed in place: it is noted for every frame. */
interface Heard {
  dts: Micros
  at: Micros
}

/**
 * Which tracks of a publisher still come. A track has stopped when the other one has gone on for `silentMicros` without it, by
 * the stream's time and by the server's: a publisher that stalls, or a server that stood still, stops neither.
 */
export class TrackLiveness {
  readonly #silentMicros: Micros
  #video: Heard | undefined
  #audio: Heard | undefined

  constructor(silentMicros: Micros) {
    this.#silentMicros = silentMicros
  }

  /** Forgets the measurements: another publisher. */
  reset(): void {
    this.#video = undefined
    this.#audio = undefined
  }

  /** Notes a frame in stream time. */
  hear(frame: MediaFrame): void {
    const heard =
      frame.config.kind === 'video' ? (this.#video ??= { dts: 0, at: 0 }) : (this.#audio ??= { dts: 0, at: 0 })
    heard.dts = frame.dts
    heard.at = frame.receivedAt
  }

  /** The tracks that a new viewer can count on. `videoMayRest`: pictures come only when there is something new to see. */
  promised(tracks: Tracks, videoMayRest: boolean): Tracks {
    const { video, audio } = tracks
    if (video === undefined || audio === undefined) return tracks
    if (this.#hasStopped(this.#audio, this.#video)) return { video }
    if (!videoMayRest && this.#hasStopped(this.#video, this.#audio)) return { audio }
    return tracks
  }

  #hasStopped(track: Heard | undefined, other: Heard | undefined): boolean {
    if (track === undefined || other === undefined) return false
    return other.dts - track.dts > this.#silentMicros && other.at - track.at > this.#silentMicros
  }
}
