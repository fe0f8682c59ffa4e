import type { Luma } from './clock-picture.js'

/** A picture in 4:2:0; `u` and `v` have half the width and height. */
export interface Picture extends Luma {
  readonly u: Uint8Array
  readonly v: Uint8Array
  readonly chromaStride: number
}

/** Brightness and both colours, limited range (ITU-R BT.601). */
export type Colour = readonly [y: number, u: number, v: number]

/** Negative inside, in pixels: how far a point is from the edge of a shape. */
export interface Shape {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly distance: (x: number, y: number) => number
}

/** `#rrggbb` */
export function colour(hex: string): Colour {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255) as [number, number, number]
  return [16 + 65.5 * r + 128.6 * g + 25 * b, 128 - 37.8 * r - 74.2 * g + 112 * b, 128 + 112 * r - 93.8 * g - 18.2 * b]
}

export function ellipse(x: number, y: number, rx: number, ry: number): Shape {
  const distance = (px: number, py: number): number => (Math.hypot((px - x) / rx, (py - y) / ry) - 1) * Math.min(rx, ry)
  return { left: x - rx, top: y - ry, right: x + rx, bottom: y + ry, distance }
}

/** A rectangle from its upper left corner. */
export function box(left: number, top: number, width: number, height: number, radius = 0): Shape {
  const [halfX, halfY] = [width / 2 - radius, height / 2 - radius]
  const distance = (px: number, py: number): number => {
    const dx = Math.abs(px - left - width / 2) - halfX
    const dy = Math.abs(py - top - height / 2) - halfY
    return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - radius
  }
  return { left, top, right: left + width, bottom: top + height, distance }
}

/** A stroke with round ends. */
export function stroke(x0: number, y0: number, x1: number, y1: number, radius: number): Shape {
  const [dx, dy] = [x1 - x0, y1 - y0]
  const length = dx * dx + dy * dy
  const distance = (px: number, py: number): number => {
    const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((px - x0) * dx + (py - y0) * dy) / length))
    return Math.hypot(px - x0 - along * dx, py - y0 - along * dy) - radius
  }
  return {
    left: Math.min(x0, x1) - radius,
    top: Math.min(y0, y1) - radius,
    right: Math.max(x0, x1) + radius,
    bottom: Math.max(y0, y1) + radius,
    distance,
  }
}

/** What of a shape lies in another one as well. */
export function both(shape: Shape, other: Shape): Shape {
  return { ...shape, distance: (x, y) => Math.max(shape.distance(x, y), other.distance(x, y)) }
}

/** Fills a shape with one colour, or from one at its top to another at its bottom; edges are smooth. */
export function fill(picture: Picture, shape: Shape, from: Colour, to = from, opacity = 1): void {
  const { bytes, stride, width, height, u, v, chromaStride } = picture
  const [left, right] = [Math.max(0, Math.floor(shape.left)), Math.min(width, Math.ceil(shape.right))]
  const [top, bottom] = [Math.max(0, Math.floor(shape.top)), Math.min(height, Math.ceil(shape.bottom))]
  for (let y = top; y < bottom; y++) {
    const share = (y - shape.top) / Math.max(1, shape.bottom - shape.top)
    const [luma, blue, red] = [0, 1, 2].map((part) => from[part]! + (to[part]! - from[part]!) * share)
    for (let x = left; x < right; x++) {
      const alpha = Math.min(1, Math.max(0, 0.5 - shape.distance(x + 0.5, y + 0.5))) * opacity
      if (alpha === 0) continue
      const at = y * stride + x
      bytes[at] = bytes[at]! + (luma! - bytes[at]!) * alpha
      if (((x | y) & 1) !== 0) continue
      const chromaAt = (y >> 1) * chromaStride + (x >> 1)
      u[chromaAt] = u[chromaAt]! + (blue! - u[chromaAt]!) * alpha
      v[chromaAt] = v[chromaAt]! + (red! - v[chromaAt]!) * alpha
    }
  }
}

/** A picture of the same size to paint on. */
export function blankPicture(width: number, height: number): Picture {
  const [halfWidth, halfHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)]
  const chroma = (): Uint8Array => new Uint8Array(halfWidth * halfHeight).fill(128)
  return {
    bytes: new Uint8Array(width * height).fill(16),
    stride: width,
    ...{ width, height, u: chroma(), v: chroma(), chromaStride: halfWidth },
  }
}

/** Puts a picture into another one of its size. */
export function copyPicture(from: Picture, to: Picture): void {
  copyPlane(from.bytes, from.stride, to.bytes, to.stride, from.width, from.height)
  const [width, height] = [Math.ceil(from.width / 2), Math.ceil(from.height / 2)]
  copyPlane(from.u, from.chromaStride, to.u, to.chromaStride, width, height)
  copyPlane(from.v, from.chromaStride, to.v, to.chromaStride, width, height)
}

function copyPlane(
  from: Uint8Array,
  fromStride: number,
  to: Uint8Array,
  toStride: number,
  width: number,
  height: number,
): void {
  for (let row = 0; row < height; row++)
    to.set(from.subarray(row * fromStride, row * fromStride + width), row * toStride)
}
