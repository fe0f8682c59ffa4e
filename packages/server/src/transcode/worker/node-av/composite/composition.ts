import type { Micros, VideoConfig } from '@crossroom/media'
import type { CompositeOutputOrder } from '../../../ipc/composite-order.js'
import type { ChannelOrder } from '../../../channel.js'
import { H264Output } from '../../coded-picture.js'
import type { Converter, Emit } from '../../converter.js'
import type { Library } from '../library.js'
import { NodeAvVideoEncoder } from '../video-encoder.js'
import { Canvas, colourOfText, meet } from './canvas.js'
import { backgroundOf } from './image-file.js'
import type { PictureInput } from './picture-input.js'
import { TilePainter } from './tile-painter.js'
import { paintTrial } from './trial-picture.js'

/** A viewer that comes, or a player that lost something, waits no longer for a start. */
const KEYFRAME_EVERY: Micros = 2_000_000

/** What a composite shows besides its order. */
export interface Sources {
  input(id: number): PictureInput | undefined
  image(id: number): Buffer | undefined
}

/** One composite: paints the newest pictures of its sources when it is told to, and codes the result. */
export class Composition implements Converter {
  readonly #library: Library
  readonly #sources: Sources
  readonly #emit: Emit
  readonly #canvas: Canvas
  readonly #output = new H264Output()
  readonly #encoder: NodeAvVideoEncoder
  #order: CompositeOutputOrder
  /** What is behind the tiles. */
  #ground: Canvas
  /** By input. */
  #painters = new Map<number, TilePainter>()
  #isStale = true
  #keyframeWanted = false
  #lastKeyframe: Micros = -Infinity
  #painted = 0
  #receivedAt: Micros = 0
  /** By the last picture. */
  #took: Micros = 0

  constructor(library: Library, order: CompositeOutputOrder, sources: Sources, emit: Emit) {
    this.#library = library
    this.#order = order
    this.#sources = sources
    this.#emit = emit
    this.#canvas = new Canvas(library, order.width, order.height)
    this.#ground = this.#makeGround()
    const video = { kind: 'video', to: 'h264' } as const
    const handle = (pts: Micros, keyframe: boolean, bytes: Uint8Array): void => this.#handleCoded(pts, keyframe, bytes)
    this.#encoder = new NodeAvVideoEncoder(library, video, this.#canvas.frame, order.fps, handle)
    this.#place()
  }

  handleFrame(): void {
    // Pictures come by inputs.
  }

  handleOrder(order: ChannelOrder): void {
    if (order.kind !== 'composite-output') return
    const before = this.#order
    this.#order = order
    if (order.image !== before.image || order.colour !== before.colour) {
      this.#ground.close()
      this.#ground = this.#makeGround()
    }
    this.#place()
  }

  handleAdvance(pts: Micros): void {
    const began = performance.now()
    const isTrial = this.#order.isTrial === true
    if (isTrial) paintTrial(this.#canvas, this.#painted++)
    else this.#paint(pts)
    const { frame } = this.#canvas
    frame.pts = BigInt(Math.round(pts))
    this.#receivedAt = isTrial ? this.#took : pts
    this.#encoder.encode(frame, this.#keyframeWanted || pts - this.#lastKeyframe >= KEYFRAME_EVERY)
    this.#keyframeWanted = false
    this.#took = Math.round((performance.now() - began) * 1000)
  }

  handleKeyframeRequest(): void {
    this.#keyframeWanted = true
  }

  close(): void {
    for (const painter of this.#painters.values()) painter.close()
    this.#painters.clear()
    this.#encoder.close()
    this.#canvas.close()
    this.#ground.close()
  }

  #paint(now: Micros): void {
    if (this.#isStale) this.#canvas.copy(this.#whole, this.#ground)
    this.#isStale = false
    const drawn: TilePainter[] = []
    for (const painter of this.#painters.values()) {
      const isCovered = drawn.some(({ tile }) => meet(tile.place, painter.tile.place) !== undefined)
      const input = this.#sources.input(painter.tile.input)
      if (painter.paint(this.#canvas, this.#ground, input, now, isCovered)) drawn.push(painter)
    }
  }

  /** Everything is painted anew: of what was there, nothing may be left. */
  #place(): void {
    const before = this.#painters
    this.#painters = new Map()
    for (const tile of this.#order.tiles) {
      const painter = before.get(tile.input) ?? new TilePainter(this.#library, this.#order.font, tile)
      before.delete(tile.input)
      painter.update(tile)
      this.#painters.set(tile.input, painter)
    }
    for (const painter of before.values()) painter.close()
    this.#isStale = true
  }

  #makeGround(): Canvas {
    const { width, height, image, colour } = this.#order
    const file = image === undefined ? undefined : this.#sources.image(image)
    if (file !== undefined) return backgroundOf(this.#library, file, width, height)
    const ground = new Canvas(this.#library, width, height)
    ground.fill({ x: 0, y: 0, width, height }, colourOfText(colour))
    return ground
  }

  get #whole() {
    const { width, height } = this.#order
    return { x: 0, y: 0, width, height }
  }

  #handleCoded(pts: Micros, keyframe: boolean, bytes: Uint8Array): void {
    const hints = { orientation: 0, frameRate: this.#order.fps, bitrate: this.#encoder.bitrate } as const
    const coded: { readonly config: VideoConfig; readonly units: readonly Uint8Array[] } | undefined =
      this.#output.handle(bytes, hints)
    if (coded === undefined) return
    if (keyframe) this.#lastKeyframe = pts
    this.#emit({ ...coded, pts, dts: pts, keyframe, receivedAt: this.#receivedAt, droppable: false })
  }
}
