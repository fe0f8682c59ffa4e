import { isEntryPoint, type MediaFrame } from '@crossroom/media'
import { LeadingPictures } from './leading-pictures.js'

/** Kinds of frames that a stream keeps to itself. */
export interface Withheld {
  readonly audio: boolean
  readonly video: boolean
}

/** Decides which frames of a stream go out. A picture that was withheld comes back with a keyframe, and nothing of before it. */
export class Withholding {
  #audio = false
  #video = false
  #waitsForKeyframe = false
  /** The next picture that a decoder may start at has none before it that went out. */
  #begins = true
  readonly #leading = new LeadingPictures()

  get audio(): boolean {
    return this.#audio
  }

  get video(): boolean {
    return this.#video
  }

  /** Another publisher. */
  restart(): void {
    this.#begins = true
  }

  set({ audio, video }: Withheld): void {
    if (this.#video && !video) this.#waitsForKeyframe = this.#begins = true
    this.#audio = audio
    this.#video = video
  }

  passes(frame: MediaFrame): boolean {
    if (frame.config.kind === 'audio') return !this.#audio
    if (this.#video) return false
    if (!isEntryPoint(frame)) return !this.#waitsForKeyframe && !this.#leading.includes(frame)
    if (this.#begins) this.#leading.begin(frame)
    this.#waitsForKeyframe = this.#begins = false
    return true
  }
}
