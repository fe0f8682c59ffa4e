import type { MediaFrame, Micros } from '@crossroom/media'

/** More pictures than a decoder can hold back are no leading ones: the stamps are wrong. */
const MOST_PICTURES = 16

/**
 * Pictures that follow the one a viewer begins with or goes on from, and are shown before it (open GOPs: RASL of H.265, B-frames
 * behind an I picture of H.264). They refer to pictures that the viewer never got.
 */
export class LeadingPictures {
  #start: Micros | undefined
  #count = 0

  /** The viewer begins with this picture, or goes on from it without those before it. */
  begin(picture: MediaFrame): void {
    this.#start = picture.pts
    this.#count = 0
  }

  /** Whether the next picture may be one. */
  get isOpen(): boolean {
    return this.#start !== undefined
  }

  /** To be asked of every picture behind the beginning, in the order of decoding. */
  includes({ pts }: MediaFrame): boolean {
    if (this.#start === undefined) return false
    if (pts < this.#start && this.#count++ < MOST_PICTURES) return true
    this.#start = undefined
    return false
  }
}

/** Frames that a viewer begins with, without leading pictures; `leading` knows then whether more can come. */
export function withoutLeading(frames: readonly MediaFrame[], leading = new LeadingPictures()): readonly MediaFrame[] {
  const first = frames.find(({ config }) => config.kind === 'video')
  if (first === undefined) return frames
  leading.begin(first)
  const kept = frames.filter((frame) => frame.config.kind === 'audio' || frame === first || !leading.includes(frame))
  return kept.length === frames.length ? frames : kept
}
