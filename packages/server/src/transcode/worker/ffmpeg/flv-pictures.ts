import {
  byteLengthOfAnnexB,
  FlvStreamReader,
  FlvTagReader,
  isVideoFrame,
  writeAnnexB,
  type MediaFrame,
} from '@crossroom/media'

/** Reads the pictures of an FLV stream and gives them in Annex B, keyframes with their parameter sets. */
export class FlvPictures {
  readonly #handle: (annexB: Uint8Array, timestampMs: number, keyframe: boolean) => void
  readonly #file = new FlvStreamReader()
  readonly #tags = new FlvTagReader()
  readonly #frames: MediaFrame[] = []

  constructor(handle: (annexB: Uint8Array, timestampMs: number, keyframe: boolean) => void) {
    this.#handle = handle
  }

  push(chunk: Buffer): void {
    this.#file.handleInput(chunk)
    for (let tag = this.#file.pollTag(); tag !== undefined; tag = this.#file.pollTag()) {
      this.#tags.readTag(tag.type, tag.timestampMs, tag.body, 0, this.#frames)
      for (const frame of this.#frames) this.#handleFrame(frame)
      this.#frames.length = 0
    }
  }

  #handleFrame(frame: MediaFrame): void {
    if (!isVideoFrame(frame)) return
    const units = frame.keyframe ? [...frame.config.parameterSets, ...frame.units] : frame.units
    const bytes = new Uint8Array(byteLengthOfAnnexB(units))
    writeAnnexB(units, bytes, 0)
    this.#handle(bytes, Math.round(frame.pts / 1000), frame.keyframe)
  }
}
