import { silentAacConfig, silentAacFrame, type AudioConfig, type MediaFrame, type Micros } from '@crossroom/media'
import type { Tracks } from './sink.js'

/** Changes the frames of a stream on their way to one fanout. */
export interface FrameFilter {
  /** The tracks as its viewers will see them. */
  tracks(tracks: Tracks): Tracks
  /** The cached frames as its viewers will see them. Touches no state. */
  cached(frames: readonly MediaFrame[]): readonly MediaFrame[]
  process(frame: MediaFrame): readonly MediaFrame[]
  /** What its viewers are sent while no frame comes: up to `until`, the stream's time at `now`. */
  idle?(until: Micros, now: Micros): readonly MediaFrame[]
}

const SAMPLE_RATE = 48_000
const SAMPLES_PER_FRAME = 1024
const SLOT: Micros = (SAMPLES_PER_FRAME * 1_000_000) / SAMPLE_RATE
/** Sound that is behind its picture by less than this is waited for. */
const PATIENCE: Micros = 300_000
/** Sound that is always further behind is waited for up to this. */
const LONGEST_PATIENCE: Micros = 3_000_000
const MARGIN: Micros = 150_000
/** More silence than this is not made up in one go: the stream was interrupted, the viewer's clock moves on. */
const LONGEST_FILL: Micros = 1_000_000

/**
 * Gives a stream an AAC track at all times: the real one where there is one, silence where there is none or it is late.
 * WeChat's live-player hangs on a stream without sound. Silent frames lie on a grid counted from the stream's start, so
 * the cached frames of a new viewer and the live ones fit together.
 */
export class SilenceFiller implements FrameFilter {
  readonly #config: AudioConfig = silentAacConfig(SAMPLE_RATE, 1)
  readonly #payload = silentAacFrame(this.#config)
  /** Up to here the viewers have sound; undefined before the first frame. */
  #audioUntil: Micros | undefined
  #audioSeen = false
  #lastWasSilence = false
  #patience = PATIENCE
  #pictureAt: Micros = -Infinity

  tracks(tracks: Tracks): Tracks {
    return tracks.audio === undefined ? { ...tracks, audio: this.#config } : tracks
  }

  cached(frames: readonly MediaFrame[]): readonly MediaFrame[] {
    const filler = new SilenceFiller()
    // The identity of the configuration must be this filler's, or every new viewer would be sent it twice.
    const out: MediaFrame[] = []
    filler.#patience = this.#patience
    filler.#audioSeen = this.#audioSeen || frames.some((frame) => frame.config.kind === 'audio')
    for (const frame of frames) filler.#process(frame, this.#config, out)
    return out
  }

  process(frame: MediaFrame): readonly MediaFrame[] {
    const out: MediaFrame[] = []
    this.#process(frame, this.#config, out)
    return out
  }

  /** Players treat a connection without data as dead: a publisher that muted everything is silence. */
  idle(until: Micros, now: Micros): readonly MediaFrame[] {
    const out: MediaFrame[] = []
    if (this.#audioUntil !== undefined) this.#fill(until - this.#patience, now, this.#config, out)
    return out
  }

  #process(frame: MediaFrame, silence: AudioConfig, out: MediaFrame[]): void {
    if (frame.config.kind === 'audio') {
      this.#audioSeen = true
      const duration = (frame.config.samplesPerFrame * 1_000_000) / frame.config.sampleRate
      // Sound that comes after its silence has gone out would make time run backwards.
      if (this.#audioUntil !== undefined && frame.dts < this.#audioUntil - duration / 2) {
        // Where all of it comes late, none would ever be heard.
        const needed = this.#pictureAt - frame.dts + MARGIN
        this.#patience = Math.min(Math.max(this.#patience, needed), LONGEST_PATIENCE)
        return
      }
      // Between the silence that went out with the last picture and this sound, whole slots only.
      if (this.#lastWasSilence && frame.dts - this.#audioUntil! <= LONGEST_FILL)
        this.#fill(frame.dts - SLOT, frame.receivedAt, silence, out)
      this.#lastWasSilence = false
      this.#audioUntil = frame.dts + Math.round(duration)
      out.push(frame)
      return
    }
    this.#pictureAt = frame.dts
    const patience = this.#audioSeen ? this.#patience : 0
    this.#audioUntil ??= frame.dts
    if (frame.dts - this.#audioUntil > LONGEST_FILL + patience) this.#audioUntil = frame.dts - LONGEST_FILL
    this.#fill(frame.dts - patience, frame.receivedAt, silence, out)
    out.push(frame)
  }

  /** Silence on the grid from where sound ended up to `until`. */
  #fill(until: Micros, receivedAt: Micros, config: AudioConfig, out: MediaFrame[]): void {
    // Grid times are rounded to whole microseconds: one less, or the slot that begins right there would be left out.
    let index = Math.ceil(((this.#audioUntil! - 1) * SAMPLE_RATE) / (SAMPLES_PER_FRAME * 1_000_000))
    for (let dts = gridTime(index); dts < until; dts = gridTime(++index)) {
      out.push({
        config,
        pts: dts,
        dts,
        keyframe: true,
        units: [this.#payload],
        receivedAt,
        droppable: true,
      })
      this.#audioUntil = gridTime(index + 1)
      this.#lastWasSilence = true
    }
  }
}

function gridTime(index: number): Micros {
  return Math.round((index * SAMPLES_PER_FRAME * 1_000_000) / SAMPLE_RATE)
}
