import type { BeautyOptions, VideoProcessor } from '../options.js'
import { BeautyPainter } from './beauty-painter.js'
import { hasBreakoutBox, pumpCanvas, pumpFrames, type FramePump, type PaintFrame } from './frame-pump.js'

const STRONGEST = 9

/** Smooths skin and lifts its brightness; both can be changed while it runs. */
export class BeautyFilter implements VideoProcessor {
  #strengths: Required<BeautyOptions> = { smoothing: 5, whitening: 3 }
  #painter: BeautyPainter
  #canvas: HTMLCanvasElement | OffscreenCanvas
  #pump: FramePump | undefined

  /** Throws `NOT_SUPPORTED` where there is no WebGL 2. */
  constructor(options: BeautyOptions = {}) {
    this.update(options)
    this.#canvas = newCanvas()
    this.#painter = new BeautyPainter(this.#canvas)
  }

  /** The strengths in use. */
  get strengths(): Required<BeautyOptions> {
    return this.#strengths
  }

  /** Absent strengths stay; values outside 0 … 9 are clamped. */
  update({ smoothing, whitening }: BeautyOptions): void {
    this.#strengths = {
      smoothing: strengthOf(smoothing ?? this.#strengths.smoothing),
      whitening: strengthOf(whitening ?? this.#strengths.whitening),
    }
  }

  async start(track: MediaStreamTrack): Promise<MediaStreamTrack> {
    this.stop()
    const paint: PaintFrame = (picture, width, height) => {
      const { smoothing, whitening } = this.#strengths
      const strengths = { smoothing: smoothing / STRONGEST, whitening: whitening / STRONGEST }
      this.#painter.paint(picture, width, height, strengths)
    }
    this.#pump =
      this.#canvas instanceof HTMLCanvasElement
        ? await pumpCanvas(track, this.#canvas, paint)
        : pumpFrames(track, this.#canvas, paint)
    return this.#pump.track
  }

  /** Ends the processing; the filter can be started again. */
  stop(): void {
    this.#pump?.stop()
    this.#pump = undefined
  }
}

function newCanvas(): HTMLCanvasElement | OffscreenCanvas {
  return hasBreakoutBox() && typeof OffscreenCanvas !== 'undefined'
    ? new OffscreenCanvas(1, 1)
    : document.createElement('canvas')
}

function strengthOf(value: number): number {
  return Number.isFinite(value) ? Math.min(STRONGEST, Math.max(0, value)) : 0
}
