import type { Orientation } from '@crossroom/media'

/** A picture in planar 4:2:0 without padding: the plane of brightness, then two of a quarter of its size. */
export interface PlanarPicture {
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
}

/** The picture turned clockwise. */
export function turnPicture(picture: PlanarPicture, orientation: Orientation): PlanarPicture {
  if (orientation === 0) return picture
  const { bytes, width, height } = picture
  const isTurned = orientation !== 180
  const out = new Uint8Array(bytes.length)
  let start = 0
  for (const divisor of [1, 2, 2]) {
    const plane = { width: Math.ceil(width / divisor), height: Math.ceil(height / divisor) }
    turnPlane(bytes, start, plane.width, plane.height, orientation, out)
    start += plane.width * plane.height
  }
  return { bytes: out, width: isTurned ? height : width, height: isTurned ? width : height }
}

/** Reads and writes the plane that begins at `start`, row by row of the result. */
function turnPlane(
  from: Uint8Array,
  start: number,
  width: number,
  height: number,
  orientation: 90 | 180 | 270,
  to: Uint8Array,
): void {
  const columns = orientation === 180 ? width : height
  const rows = orientation === 180 ? height : width
  const bottomLeft = start + (height - 1) * width
  const last = start + width * height - 1
  const first = orientation === 90 ? bottomLeft : orientation === 180 ? last : start + width - 1
  const across = orientation === 90 ? -width : orientation === 180 ? -1 : width
  const down = orientation === 90 ? 1 : orientation === 180 ? -width : -1
  let at = start
  for (let row = 0; row < rows; row++) {
    let source = first + row * down
    for (let column = 0; column < columns; column++, source += across) to[at++] = from[source]!
  }
}
