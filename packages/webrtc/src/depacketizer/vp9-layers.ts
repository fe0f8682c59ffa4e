import { buildVp9SuperframeIndex, hideVp9Frame, Vp9HeaderReader, type Vp9UncompressedHeader } from '@crossroom/media'
import type { DepacketizedFrame } from './depacketizer.js'
import type { FrameStore } from './frame-store.js'

/**
 * Pictures in a row without the highest layer after which it is gone. Encoders leave it out of single pictures where bits are
 * short, and a picture that changes its size each time costs a keyframe each time.
 */
const GONE_AFTER = 5

/** One spatial layer of a picture. */
export interface Vp9LayerFrame {
  readonly layer: number
  /** It depends on no other frame: a decoder can begin with it. */
  readonly isIndependent: boolean
  /** Its end in the picture's bytes. */
  end: number
}

/**
 * Handles the spatial layers of a VP9 stream (RFC 9628 section 3). The highest layer of each picture is shown; lower
 * layers on which it may depend become frames that are only decoded, because a decoder shows every shown frame. Layers
 * below one that starts independently are another stream (simulcast, `S2T1`) and are dropped, because its keyframe
 * replaced all slots.
 */
export class Vp9Layers {
  readonly #store: FrameStore
  #headers = new Vp9HeaderReader()
  /** The first decoded layer: the lowest one that is kept. */
  #lowest = 0
  #highest = 0
  /** Pictures in a row that lacked it. */
  #lacking = 0

  constructor(store: FrameStore) {
    this.#store = store
  }

  /**
   * Takes the bytes of a complete picture. Undefined when a required layer no longer arrives: only a keyframe helps.
   */
  picture(bytes: Uint8Array, layers: readonly Vp9LayerFrame[]): DepacketizedFrame | undefined {
    const begins = layers.map(({ isIndependent }) => isIndependent).lastIndexOf(true)
    if (begins >= 0) this.#lowest = layers[begins]!.layer
    const first = begins >= 0 ? begins : layers.findIndex(({ layer }) => layer >= this.#lowest)
    if (first < 0) return this.#lack() ? undefined : { units: [], keyframe: false, droppable: false }
    const isShown = this.#follow(layers.at(-1)!.layer, begins >= 0)
    const headers: (Vp9UncompressedHeader | undefined)[] = []
    const frames: Uint8Array[] = []
    for (let index = first; index < layers.length; index++) {
      const frame = bytes.subarray(layers[index - 1]?.end ?? 0, layers[index]!.end)
      headers.push(this.#headers.read(frame))
      frames.push(frame)
    }
    const size = isShown ? headers.at(-1) : undefined
    return {
      units: [this.#join(frames, headers, isShown)],
      keyframe: begins >= 0,
      droppable: false,
      ...(size !== undefined && { size: { width: size.width, height: size.height } }),
    }
  }

  /** Takes note of a picture's highest layer; false when a higher one is waited for. */
  #follow(top: number, isKeyframe: boolean): boolean {
    if (top < this.#highest && !isKeyframe && !this.#lack()) return false
    this.#highest = top
    this.#lacking = 0
    return true
  }

  /** One more picture without the highest layer; true when it is gone. */
  #lack(): boolean {
    return ++this.#lacking > GONE_AFTER
  }

  #join(
    frames: readonly Uint8Array[],
    headers: readonly (Vp9UncompressedHeader | undefined)[],
    isShown: boolean,
  ): Uint8Array {
    const last = frames.length - 1
    const shaped = frames.map((frame, index) => {
      const header = headers[index]
      // A hidden frame waits for the next picture; if that may depend on it, it is kept.
      const isHidden = index < last || (!isShown && header?.errorResilient === true)
      return isHidden && header !== undefined ? hideVp9Frame(frame, header) : frame
    })
    if (last === 0) return shaped[0]!
    shaped.push(buildVp9SuperframeIndex(shaped.map(({ length }) => length)))
    const joined = this.#store.take(shaped.reduce((sum, { length }) => sum + length, 0))
    let offset = 0
    for (const part of shaped) {
      joined.set(part, offset)
      offset += part.length
    }
    return joined
  }
}
