import type { Frame } from 'node-av/lib'
import type { Rect } from '../../../ipc/composite-order.js'
import type { Library } from '../library.js'

/** A colour of video: luma 16 to 235, chroma around 128. */
export interface Colour {
  readonly y: number
  readonly u: number
  readonly v: number
}

/** A picture in 4:2:0 that can be pasted: three planes without gaps between their rows. */
export interface Bitmap {
  readonly width: number
  readonly height: number
  readonly y: Uint8Array
  readonly u: Uint8Array
  readonly v: Uint8Array
}

/** One plane of a canvas from the corner of a rectangle on. */
export interface PlaneSlice {
  readonly data: Buffer
  readonly stride: number
}

/** A picture that is painted again and again. */
export class Canvas {
  readonly width: number
  readonly height: number
  readonly frame: Frame
  readonly #planes: readonly Buffer[]
  readonly #strides: readonly number[]

  constructor({ Frame, Rational, constants }: Library, width: number, height: number) {
    this.width = width
    this.height = height
    const frame = (this.frame = new Frame())
    frame.alloc()
    frame.format = constants.AV_PIX_FMT_YUV420P
    frame.width = width
    frame.height = height
    frame.sampleAspectRatio = new Rational(1, 1)
    frame.colorRange = constants.AVCOL_RANGE_MPEG
    const data = frame.getBuffer(0) < 0 ? null : frame.data
    if (data === null || data.length < 3) throw new Error('Out of memory for a picture')
    this.#planes = data
    this.#strides = frame.linesize
  }

  /** The planes from the upper left corner of a place on. */
  at({ x, y }: Rect): PlaneSlice[] {
    return [0, 1, 2].map((plane) => {
      const [stride, shift] = [this.#strides[plane]!, plane === 0 ? 0 : 1]
      return { data: this.#planes[plane]!.subarray((y >> shift) * stride + (x >> shift)), stride }
    })
  }

  fill(place: Rect, { y, u, v }: Colour): void {
    const values = [y, u, v]
    this.#rows(place, (data, from, to, plane) => data.fill(values[plane]!, from, to))
  }

  /** Takes a place over from another canvas of the same size. */
  copy(place: Rect, other: Canvas): void {
    this.#rows(place, (data, from, to, plane) => data.set(other.#planes[plane]!.subarray(from, to), from))
  }

  /** Fills itself with a part of a bigger canvas; `left` and `top` are even. */
  take(other: Canvas, left: number, top: number): void {
    const from = other.at({ x: left, y: top, width: this.width, height: this.height })
    this.#rows({ x: 0, y: 0, width: this.width, height: this.height }, (data, start, end, plane, row) => {
      const { data: source, stride } = from[plane]!
      data.set(source.subarray(row * stride, row * stride + end - start), start)
    })
  }

  /** The part that lies within `clip`. */
  paste(bitmap: Bitmap, left: number, top: number, clip: Rect): void {
    const place = meet({ x: left, y: top, width: bitmap.width, height: bitmap.height }, clip)
    if (place === undefined) return
    const planes = [bitmap.y, bitmap.u, bitmap.v]
    this.#rows(place, (data, from, to, plane, row) => {
      const shift = plane === 0 ? 0 : 1
      const start = (row - (top >> shift)) * (bitmap.width >> shift) + ((place.x - left) >> shift)
      data.set(planes[plane]!.subarray(start, start + to - from), from)
    })
  }

  close(): void {
    this.frame.free()
  }

  #rows(place: Rect, draw: (data: Buffer, from: number, to: number, plane: number, row: number) => void): void {
    for (let plane = 0; plane < 3; plane++) {
      const shift = plane === 0 ? 0 : 1
      const [data, stride] = [this.#planes[plane]!, this.#strides[plane]!]
      const bottom = (place.y + place.height) >> shift
      for (let row = place.y >> shift; row < bottom; row++) {
        const from = row * stride + (place.x >> shift)
        draw(data, from, from + (place.width >> shift), plane, row)
      }
    }
  }
}

/** What two rectangles share. */
export function meet(a: Rect, b: Rect): Rect | undefined {
  const [x, y] = [Math.max(a.x, b.x), Math.max(a.y, b.y)]
  const width = Math.min(a.x + a.width, b.x + b.width) - x
  const height = Math.min(a.y + a.height, b.y + b.height) - y
  return width > 0 && height > 0 ? { x, y, width, height } : undefined
}

/** Of full range RGB, each 0 to 255, by BT.601. */
export function colourOf(red: number, green: number, blue: number): Colour {
  return {
    y: Math.round(16 + (65.738 * red + 129.057 * green + 25.064 * blue) / 256),
    u: Math.round(128 + (-37.945 * red - 74.494 * green + 112.439 * blue) / 256),
    v: Math.round(128 + (112.439 * red - 94.154 * green - 18.285 * blue) / 256),
  }
}

/** Of `#rrggbb`. */
export function colourOfText(text: string): Colour {
  const value = Number.parseInt(text.slice(1), 16)
  return colourOf((value >> 16) & 255, (value >> 8) & 255, value & 255)
}

/** A dark one, on which white text can be read. */
export function colourOfHue(degrees: number): Colour {
  const part = (offset: number): number => {
    const at = (offset + degrees / 30) % 12
    return Math.round(255 * (0.3 - 0.15 * Math.max(-1, Math.min(at - 3, 9 - at, 1))))
  }
  return colourOf(part(0), part(8), part(4))
}
