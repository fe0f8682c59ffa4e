import type { Frame, SoftwareScaleContext } from 'node-av/lib'
import type { Library } from './library.js'

/** Makes 8-bit 4:2:0 of pictures that are something else, for the encoders' sake. */
export class PictureFormat {
  readonly #library: Library
  #scaler: SoftwareScaleContext | undefined
  #target: Frame | undefined
  #made = ''
  readonly #takesFullRange: boolean

  /** `takesFullRange`: the encoder says in its bitstream that black is 0 and not 16. VP8 has no word for it. */
  constructor(library: Library, takesFullRange: boolean) {
    this.#library = library
    this.#takesFullRange = takesFullRange
  }

  /** The picture itself if it fits, otherwise a converted one that is valid until the next call. */
  fit(picture: Frame): Frame {
    const { constants } = this.#library
    const { format, width, height } = picture
    if (format === constants.AV_PIX_FMT_YUV420P) return picture
    if (format === constants.AV_PIX_FMT_YUVJ420P && this.#takesFullRange) return picture
    const wanted = `${String(format)} ${String(width)} ${String(height)}`
    if (wanted !== this.#made) this.#prepare(picture, wanted)
    const target = this.#target!
    target.makeWritable()
    this.#scaler!.scaleFrameSync(target, picture)
    target.copyProps(picture)
    return target
  }

  close(): void {
    this.#scaler?.freeContext()
    this.#target?.free()
    this.#scaler = undefined
    this.#target = undefined
  }

  #prepare(picture: Frame, wanted: string): void {
    const { constants, Frame, SoftwareScaleContext } = this.#library
    const { format, width, height } = picture
    this.close()
    const yuv420 = constants.AV_PIX_FMT_YUV420P
    const scaler = new SoftwareScaleContext()
    scaler.getContext(width, height, format as typeof yuv420, width, height, yuv420)
    const target = new Frame()
    target.alloc()
    target.format = yuv420
    target.width = width
    target.height = height
    if (target.getBuffer(0) < 0) throw new Error('Out of memory for a video frame')
    this.#scaler = scaler
    this.#target = target
    this.#made = wanted
  }
}
