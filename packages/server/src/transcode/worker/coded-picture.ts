import {
  H264NalType,
  h264NalType,
  h264ParameterSets,
  ParameterSetTracker,
  splitAnnexB,
  videoConfigFromVp8Keyframe,
  type Orientation,
  type VideoConfig,
} from '@crossroom/media'

/** A coded picture with the config it needs. */
export interface CodedPicture {
  readonly config: VideoConfig
  readonly units: readonly Uint8Array[]
}

/** What the source says about its pictures that the bitstream of the output cannot. */
export interface PictureHints {
  readonly orientation: Orientation
  readonly frameRate?: number | undefined
  readonly bitrate: number
}

/** Makes frames of what an encoder writes: a new config at a change of its headers or of the orientation. */
export interface PictureOutput {
  /** Undefined without a picture, or without one that can be decoded yet. */
  handle(bytes: Uint8Array, hints: PictureHints): CodedPicture | undefined
}

/** H.264 in Annex B: parameter sets go into the config, what no decoder needs goes away. */
export class H264Output implements PictureOutput {
  readonly #sets = new ParameterSetTracker(h264ParameterSets)
  #config: VideoConfig | undefined

  handle(annexB: Uint8Array, hints: PictureHints): CodedPicture | undefined {
    const all = splitAnnexB(annexB)
    if (this.#sets.observe(all) || this.#config?.orientation !== hints.orientation) {
      this.#config = this.#sets.config(hints)
    }
    const units = all.filter(isSlice)
    return units.length === 0 || this.#config === undefined ? undefined : { config: this.#config, units }
  }
}

/** VP8: a keyframe tells its size. */
export class Vp8Output implements PictureOutput {
  #config: VideoConfig | undefined

  handle(bytes: Uint8Array, hints: PictureHints): CodedPicture | undefined {
    const current = this.#config?.orientation === hints.orientation ? this.#config : undefined
    const announced = videoConfigFromVp8Keyframe(bytes, current, hints)
    if (announced !== undefined) this.#config = announced
    return this.#config === undefined ? undefined : { config: this.#config, units: [bytes] }
  }
}

function isSlice(unit: Uint8Array): boolean {
  const type = h264NalType(unit)
  return type >= H264NalType.slice && type <= H264NalType.idrSlice
}
