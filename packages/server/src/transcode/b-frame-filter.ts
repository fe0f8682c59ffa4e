import { hasBSlice, type MediaFrame, type VideoConfig } from '@crossroom/media'

/**
 * The last resort for viewers that cannot take B-frames while no codec is there to remove them: they are left out,
 * which leaves a third to a half of the pictures and no broken one. Leaving out only those that no other refers to
 * would not do, for encoders refer to B-frames as well (x264 does unless told otherwise).
 */
export class BFrameFilter {
  #source: VideoConfig | undefined
  #config: VideoConfig | undefined
  /** Frames left out so far. */
  leftOut = 0

  /** The frame with its decoding time made the time it is shown, or undefined when it is left out. */
  filter(frame: MediaFrame): MediaFrame | undefined {
    const { config } = frame
    if (config.kind !== 'video') return frame
    if (hasBSlice(frame.units)) {
      this.leftOut++
      return undefined
    }
    if (config !== this.#source || this.#config === undefined) {
      this.#source = config
      this.#config = { ...config, reorderFrames: 0 }
    }
    return { ...frame, config: this.#config, dts: frame.pts }
  }
}
