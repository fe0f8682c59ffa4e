import { isEntryPoint, type MediaFrame } from '@crossroom/media'

/** Kinds of frames that a stream keeps to itself. */
export interface Withheld {
  readonly audio: boolean
  readonly video: boolean
}

/** Decides which frames of a stream go out. A picture that was withheld comes back with a keyframe. */
export class Withholding {
  #audio = false
  #video = false
  #waitsForKeyframe = false

  get audio(): boolean {
    return this.#audio
  }

  get video(): boolean {
    return this.#video
  }

  set({ audio, video }: Withheld): void {
    if (this.#video && !video) this.#waitsForKeyframe = true
    this.#audio = audio
    this.#video = video
  }

  passes(frame: MediaFrame): boolean {
    if (frame.config.kind === 'audio') return !this.#audio
    if (this.#video) return false
    if (this.#waitsForKeyframe && !isEntryPoint(frame)) return false
    this.#waitsForKeyframe = false
    return true
  }
}
