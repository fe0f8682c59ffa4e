import type { Frame, SoftwareScaleContext } from 'node-av/lib'
import type { Orientation } from '@crossroom/media'
import type { Rect } from '../../../ipc/composite-order.js'
import type { Library } from '../library.js'
import type { Canvas, PlaneSlice } from './canvas.js'

/** Pixels that the scaler writes at a time. */
const VECTOR = 16

/** Scales the pictures of one source into its place on a canvas, and turns them upright. */
export class PictureScaler {
  readonly #library: Library
  #scaler: SoftwareScaleContext | undefined
  #made = ''
  /** The scaled picture before it is turned, or cut to its width. */
  #aside: PlaneSlice[] = []

  constructor(library: Library) {
    this.#library = library
  }

  /** `place`: of the upright picture. */
  draw(picture: Frame, orientation: Orientation, canvas: Canvas, place: Rect): void {
    // The scaler writes vectors: beyond the end of a row too, where another tile is.
    const isAside = orientation !== 0 || place.width % VECTOR !== 0
    const isAcross = orientation === 90 || orientation === 270
    const width = isAcross ? place.height : place.width
    const height = isAcross ? place.width : place.height
    this.#prepare(picture, width, height, isAside)
    const target = isAside ? this.#aside : canvas.at(place)
    const { data, linesize } = picture
    if (data === null) return
    this.#scaler!.scaleSync(
      data,
      linesize.slice(0, data.length),
      0,
      picture.height,
      target.map((plane) => plane.data),
      target.map((plane) => plane.stride),
    )
    if (isAside) turn(this.#aside, canvas.at(place), place, orientation)
  }

  close(): void {
    this.#scaler?.freeContext()
    this.#scaler = undefined
  }

  #prepare(picture: Frame, width: number, height: number, isAside: boolean): void {
    const { constants, SoftwareScaleContext } = this.#library
    const format = formatOf(picture, this.#library)
    const wanted = [format, picture.width, picture.height, width, height, isAside].join(' ')
    if (wanted === this.#made) return
    this.close()
    const scaler = new SoftwareScaleContext()
    const yuv420 = constants.AV_PIX_FMT_YUV420P
    const from = format as typeof yuv420
    scaler.getContext(picture.width, picture.height, from, width, height, yuv420, constants.SWS_BILINEAR)
    this.#scaler = scaler
    this.#made = wanted
    this.#aside = isAside ? planesOf(width, height) : []
  }
}

/** The biggest place in a tile for a picture of this shape, in the middle, whole. */
export function placeIn(tile: Rect, picture: { readonly width: number; readonly height: number }): Rect {
  const scale = Math.min(tile.width / picture.width, tile.height / picture.height)
  const width = sizeWithin(picture.width * scale, tile.width)
  const height = sizeWithin(picture.height * scale, tile.height)
  const x = tile.x + Math.floor((tile.width - width) / 4) * 2
  const y = tile.y + Math.floor((tile.height - height) / 4) * 2
  return { x, y, width, height }
}

function sizeWithin(pixels: number, limit: number): number {
  // A line of black at the edge of what nearly fits is worse than a picture that is wider by a pixel.
  if (limit - pixels < 4) return limit
  return Math.max(2, Math.round(pixels / 2) * 2)
}

/** Black is 0 in some pictures, which only the name of the format tells the scaler. */
function formatOf({ format, colorRange }: Frame, { constants }: Library): number {
  const isFull = colorRange === constants.AVCOL_RANGE_JPEG && format === constants.AV_PIX_FMT_YUV420P
  return isFull ? constants.AV_PIX_FMT_YUVJ420P : format
}

function planesOf(width: number, height: number): PlaneSlice[] {
  return [0, 1, 2].map((plane) => {
    const shift = plane === 0 ? 0 : 1
    // Scalers write whole vectors.
    const stride = ((width >> shift) + 63) & ~63
    return { data: Buffer.alloc(stride * (height >> shift) + 64), stride }
  })
}

/** Copies a picture, turned clockwise. `place`: of the result. */
function turn(from: readonly PlaneSlice[], to: readonly PlaneSlice[], place: Rect, orientation: Orientation): void {
  for (let plane = 0; plane < 3; plane++) {
    const shift = plane === 0 ? 0 : 1
    turnPlane(from[plane]!, to[plane]!, place.width >> shift, place.height >> shift, orientation)
  }
}

function turnPlane(from: PlaneSlice, to: PlaneSlice, width: number, height: number, orientation: Orientation): void {
  const { data: source, stride } = from
  // Where the first pixel of the result is in the source, and the way to its right and lower neighbours.
  const [start, right, down] =
    orientation === 90
      ? [(width - 1) * stride, -stride, 1]
      : orientation === 270
        ? [height - 1, stride, -1]
        : [(height - 1) * stride + width - 1, -1, -stride]
  if (orientation === 0) {
    for (let row = 0; row < height; row++)
      to.data.set(source.subarray(row * stride, row * stride + width), row * to.stride)
    return
  }
  for (let row = 0; row < height; row++) {
    let at = start + row * down
    const base = row * to.stride
    for (let column = 0; column < width; column++, at += right) to.data[base + column] = source[at]!
  }
}
