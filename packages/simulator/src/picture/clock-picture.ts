/**
 * A picture with its creation time, so that any display can measure the whole delay. 40 black or white blocks at the
 * top: 32 bits of the wall clock in milliseconds (modulo 2^32, highest bit first) and 8 bits of checksum (the sum of
 * the four bytes). A landscape picture has them in one row, a portrait one in two rows of 20. At a width of 640 pixels
 * a block is a macroblock of 16 pixels; the reader samples the centres, so scaled pictures work too.
 */
const BLOCKS = 40
/** Far enough apart to survive any coding, and near enough to the picture not to catch the eye. */
const BLACK = 40
const WHITE = 214
const MIDDLE = (BLACK + WHITE) / 2
/** An older clock was misread: no picture is a minute late. Milliseconds. */
const MAX_AGE_MS = 60_000
const WRAP_MS = 2 ** 32
/** The luma plane of a picture; `stride` bytes from row to row. */
export interface Luma {
  readonly bytes: Uint8Array
  readonly stride: number
  readonly width: number
  readonly height: number
}

/** Draws the clock for a picture made at `nowMs` of the wall clock; returns the first row below it. */
export function drawClock(luma: Luma, nowMs: number): number {
  const { bytes, stride, width, height } = luma
  const { columns, size } = gridOf(width, height)
  const bits = bitsOf(nowMs % WRAP_MS)
  for (let block = 0; block < BLOCKS; block++) {
    const left = (block % columns) * size
    const from = Math.floor(block / columns) * size
    for (let row = from; row < from + size; row++) {
      bytes.fill(bits[block] ? WHITE : BLACK, row * stride + left, row * stride + left + size)
    }
  }
  return (BLOCKS / columns) * size
}

/** Milliseconds from the making of the picture to `nowMs`; undefined when it carries no clock that can be read. */
export function clockAgeMs(luma: Luma, nowMs: number): number | undefined {
  // The picture may have been scaled or rotated: the arrangement that fits its shape is tried first.
  const columns = gridOf(luma.width, luma.height).columns
  return ageBy(luma, columns, nowMs) ?? ageBy(luma, columns === BLOCKS ? BLOCKS / 2 : BLOCKS, nowMs)
}

function ageBy(luma: Luma, columns: number, nowMs: number): number | undefined {
  const { bytes, stride, width } = luma
  const size = width / columns
  let clock = 0
  let checksum = 0
  let sum = 0
  for (let block = 0; block < BLOCKS; block++) {
    const x = Math.floor(((block % columns) + 0.5) * size)
    const y = Math.floor((Math.floor(block / columns) + 0.5) * size)
    const bit = (bytes[y * stride + x] ?? 0) > MIDDLE ? 1 : 0
    if (block < 32) clock = clock * 2 + bit
    else checksum = checksum * 2 + bit
  }
  for (let shift = 0; shift < 32; shift += 8) sum += Math.floor(clock / 2 ** shift) & 255
  if ((sum & 255) !== checksum) return undefined
  const age = (((nowMs - clock) % WRAP_MS) + WRAP_MS) % WRAP_MS
  // Two machines' clocks may differ by a little: a picture from the future was made just now.
  if (age > WRAP_MS - MAX_AGE_MS) return 0
  return age <= MAX_AGE_MS ? age : undefined
}

function gridOf(width: number, height: number): { readonly columns: number; readonly size: number } {
  const columns = width >= height ? BLOCKS : BLOCKS / 2
  return { columns, size: Math.floor(width / columns) }
}

function bitsOf(ms: number): boolean[] {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(ms / 2 ** shift) & 255)
  bytes.push(bytes.reduce((sum, byte) => (sum + byte) & 255, 0))
  return bytes.flatMap((byte) => Array.from({ length: 8 }, (_, bit) => ((byte >> (7 - bit)) & 1) === 1))
}
