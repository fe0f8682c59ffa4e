import { colourOf, type Bitmap } from './canvas.js'

const DISC = colourOf(214, 48, 49)
const BAR = colourOf(255, 255, 255)
const AROUND = colourOf(20, 20, 20)

/** A white microphone, struck through, on a red disc. `size`: even, in pixels. */
export function muteMark(size: number): Bitmap {
  const y = new Uint8Array(size * size)
  const [u, v] = [new Uint8Array((size / 2) ** 2), new Uint8Array((size / 2) ** 2)]
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const { y: luma, u: blue, v: red } = colourAt((column + 0.5) / size - 0.5, (row + 0.5) / size - 0.5)
      y[row * size + column] = luma
      const at = (row >> 1) * (size / 2) + (column >> 1)
      u[at] = blue
      v[at] = red
    }
  return { width: size, height: size, y, u, v }
}

/** `x`, `y`: from the middle, in sizes of the mark. */
function colourAt(x: number, y: number): typeof DISC {
  if (Math.hypot(x, y) > 0.48) return AROUND
  const isHead = Math.abs(x) < 0.09 && y > -0.3 && y < 0.06
  const isStem = Math.abs(x) < 0.03 && y >= 0.06 && y < 0.26
  const isFoot = Math.abs(x) < 0.14 && y >= 0.22 && y < 0.28
  const isStrike = Math.abs(x - y) < 0.05 && Math.abs(x) < 0.3
  return isHead || isStem || isFoot || isStrike ? BAR : DISC
}
