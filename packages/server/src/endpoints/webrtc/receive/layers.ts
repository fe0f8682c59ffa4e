import type { MediaFrame, Micros } from '@crossroom/media'

/** A layer that others have passed by so many frames, and that is silent for so long, was switched off or lost its way. */
const LOST_AFTER_FRAMES = 4
const LOST_AFTER: Micros = 500_000

/** A better layer without a keyframe is asked for one when it has come for so long: browsers begin a layer with one by themselves. */
const PATIENCE: Micros = 1_000_000

/** Observations of one layer. */
interface Layer {
  readonly rid: string | undefined
  /** Position among the layers, 0 the best. */
  rank: number
  pixels: number
  lastAt: Micros
  /** Since when it has come without a long gap. */
  since: Micros
  /** Frames since the main layer's last one. */
  ahead: number
}

/** What becomes of one frame of one layer. */
export interface LayerVerdict {
  /** The frame belongs to the stream itself. */
  main: boolean
  /** The frame belongs to the lower stream. */
  small: boolean
  /** This layer is usable once it restarts: request a keyframe of it. */
  wantsKeyframe: boolean
}

/**
 * Which simulcast layer is the stream, and which its lower one. The stream takes the best layer that comes, and changes at
 * keyframes only: when its layer falls silent the next one steps in, and gives way when the better one is back. Layers are
 * told apart by their pictures' size, for browsers list them from the lowest or from the best as it was in their `sendEncodings`.
 */
export class Layers {
  /** The rids as they were negotiated. */
  readonly order: readonly string[]
  readonly #layers = new Map<string | undefined, Layer>()
  readonly #verdict: LayerVerdict = { main: false, small: false, wantsKeyframe: false }
  #main: Layer | undefined
  #small: Layer | undefined
  #isSmallRunning = false

  /** @param order Empty without simulcast. */
  constructor(order: readonly string[]) {
    this.order = order
  }

  /** The current layer; before the first frame the one listed first. */
  get main(): string | undefined {
    return this.#main === undefined ? this.order[0] : this.#main.rid
  }

  /** The layer that is the lower stream; undefined while there is one layer only. */
  get small(): string | undefined {
    return this.#small?.rid
  }

  /** The lower stream has ended: it begins again at a keyframe. */
  stopSmall(): void {
    this.#isSmallRunning = false
  }

  /** Takes note of a frame and says where it goes. The answer is one object, good until the next call. */
  take(rid: string | undefined, frame: MediaFrame): Readonly<LayerVerdict> {
    const layer = this.#observe(rid, frame)
    const verdict = this.#verdict
    verdict.wantsKeyframe = false
    verdict.main = this.#takeMain(layer, frame, verdict)
    verdict.small = this.#takeSmall(layer, frame, verdict)
    return verdict
  }

  #observe(rid: string | undefined, frame: MediaFrame): Layer {
    const now = frame.receivedAt
    let layer = this.#layers.get(rid)
    if (layer === undefined) {
      layer = { rid, rank: 0, pixels: pixelsOf(frame), lastAt: now, since: now, ahead: 0 }
      this.#layers.set(rid, layer)
      this.#rank()
    }
    if (now - layer.lastAt > LOST_AFTER) layer.since = now
    layer.lastAt = now
    layer.ahead++
    return layer
  }

  /** Done when a layer first comes, not at each change of size: the new sizes of the layers come one after the other. */
  #rank(): void {
    const place = ({ rid }: Layer): number => (rid === undefined ? 0 : this.order.indexOf(rid))
    const ranked = [...this.#layers.values()].sort((a, b) => b.pixels - a.pixels || place(a) - place(b))
    ranked.forEach((layer, rank) => (layer.rank = rank))
    const small = ranked.length > 1 ? ranked.at(-1) : undefined
    if (small !== this.#small) this.#isSmallRunning = false
    this.#small = small
  }

  #takeMain(layer: Layer, frame: MediaFrame, verdict: LayerVerdict): boolean {
    const main = this.#main
    if (main !== layer && main !== undefined) {
      const isLost = layer.ahead >= LOST_AFTER_FRAMES && frame.receivedAt - main.lastAt > LOST_AFTER
      const isBetter = layer.rank < main.rank
      if (!isLost && !isBetter) return false
      if (!frame.keyframe) {
        verdict.wantsKeyframe = isLost || frame.receivedAt - layer.since > PATIENCE
        return false
      }
    }
    this.#main = layer
    for (const other of this.#layers.values()) other.ahead = 0
    return true
  }

  #takeSmall(layer: Layer, frame: MediaFrame, verdict: LayerVerdict): boolean {
    if (layer !== this.#small) return false
    if (frame.keyframe) this.#isSmallRunning = true
    else if (!this.#isSmallRunning) verdict.wantsKeyframe = true
    return this.#isSmallRunning
  }
}

function pixelsOf({ config }: MediaFrame): number {
  return config.kind === 'video' ? config.width * config.height : 0
}
