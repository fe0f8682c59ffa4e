import { fill, stroke, type Colour, type Picture } from './painter.js'

/**
 * Strokes of each letter on a grid of 5 × 7: digits in pairs are the points of a line, a space begins another line. Small
 * letters look like capitals.
 */
const STROKES: Readonly<Record<string, string>> = {
  A: '062046 1434',
  B: '00063645443303 3342413000',
  C: '4130100105163645',
  D: '00062644422000',
  E: '40000646 0333',
  F: '400006 0333',
  G: '41301001051636454323',
  H: '0006 4046 0343',
  I: '2026',
  J: '4045361605',
  K: '0006 4003 0346',
  L: '000646',
  M: '0600234046',
  N: '06004640',
  O: '103041453616050110',
  P: '06003041423303',
  Q: '103041453616050110 3446',
  R: '06003041423303 2346',
  S: '413010010213334445361605',
  T: '0040 2026',
  U: '000516364540',
  V: '002640',
  W: '0016233640',
  X: '0046 4006',
  Y: '002340 2326',
  Z: '00400646',
  '0': '103041453616050110',
  '1': '112026',
  '2': '01103041420646',
  '3': '0110304142334445361605 1333',
  '4': '36300444',
  '5': '400003334445361605',
  '6': '4130100105163645443303',
  '7': '004016',
  '8': '103041423313020110 1304051636454433',
  '9': '0516364541301001021343',
  ':': '2222 2525',
  '-': '1333',
  _: '0646',
}

/** Width of a letter with the gap behind it, as a share of its height. */
const ADVANCE = 0.92

/** Writes a line from its upper left corner; `height` is that of a capital, in pixels. Letters without strokes are left out. */
export function write(
  picture: Picture,
  text: string,
  at: {
    readonly x: number
    readonly y: number
    readonly height: number
    readonly colour: Colour
    readonly weight?: number
  },
): void {
  const { x, y, height, colour, weight = 0.075 } = at
  const step = height / 6
  for (const [index, letter] of [...text.toUpperCase()].entries()) {
    const left = x + index * height * ADVANCE
    for (const line of (STROKES[letter] ?? '').split(' ')) {
      for (let point = 0; point + 3 < line.length; point += 2) {
        const [x0, y0, x1, y1] = [0, 1, 2, 3].map((digit) => Number(line[point + digit]) * step)
        fill(picture, stroke(left + x0!, y + y0!, left + x1!, y + y1!, height * weight), colour)
      }
    }
  }
}

/** How wide a line is. */
export function widthOf(text: string, height: number): number {
  return text.length === 0 ? 0 : (text.length - 1) * height * ADVANCE + (height * 4) / 6
}
