/**
 * A picture that carries the time it was made, so that a player can measure the whole delay from making to showing: the
 * top rows hold 40 black or white blocks, 32 of them the wall clock in milliseconds (modulo 2^32, highest bit first),
 * 8 a checksum (the sum of the four bytes). Blocks of 16 pixels are as large as a macroblock and survive any coding.
 */
export const clockPicture = { width: 640, height: 360, blockPixels: 16, blocks: 40, frameRate: 25 } as const

const { width, height, blockPixels, blocks, frameRate } = clockPicture
const FRAME_BYTES = width * height * 1.5
const BLACK = 16
const WHITE = 235
const BAR_WIDTH = 64

/** A beep of 1 kHz in the sound and a white field in the middle of the picture, both this long from each full second. */
export const BEEP_FRAMES = 3

/** The 40 bits of a time in milliseconds. */
export function clockBits(ms: number): boolean[] {
  const bytes = [(ms / 2 ** 24) & 255, (ms >>> 16) & 255, (ms >>> 8) & 255, ms & 255]
  bytes.push(bytes.reduce((sum, byte) => (sum + byte) & 255, 0))
  return bytes.flatMap((byte) => Array.from({ length: 8 }, (_, bit) => ((byte >> (7 - bit)) & 1) === 1))
}

/** The time in 40 bits; undefined when the checksum does not fit (a picture without clock, or one that is torn). */
export function clockOfBits(bits: readonly boolean[]): number | undefined {
  const bytes = [0, 1, 2, 3, 4].map((index) =>
    bits.slice(index * 8, index * 8 + 8).reduce((byte, bit) => byte * 2 + (bit ? 1 : 0), 0),
  )
  const [a = 0, b = 0, c = 0, d = 0, checksum] = bytes
  if (bits.length !== blocks || ((a + b + c + d) & 255) !== checksum) return undefined
  return a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d
}

/** Milliseconds from a picture's clock to `nowMs`, over the wrap of 2^32. */
export function clockAge(clock: number, nowMs: number): number {
  return (((nowMs - clock) % 2 ** 32) + 2 ** 32) % 2 ** 32
}

/** Draws frame `index` (yuv420p) made at `nowMs` into `frame`, which must come from {@link newFrame}. */
export function drawClock(frame: Uint8Array, index: number, nowMs: number): void {
  clockBits(nowMs % 2 ** 32).forEach((bit, block) => {
    for (let row = 0; row < blockPixels; row++) {
      const start = row * width + block * blockPixels
      frame.fill(bit ? WHITE : BLACK, start, start + blockPixels)
    }
  })
  const beep = index % frameRate < BEEP_FRAMES
  const left = (index * 8) % (width - BAR_WIDTH)
  for (let row = 120; row < 240; row++) {
    const start = row * width
    frame.fill(beep ? WHITE : 60, start, start + width)
    frame.fill(BLACK, start + left, start + left + BAR_WIDTH)
  }
}

/** A grey frame with a little colour, to be drawn on. */
export function newFrame(): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES).fill(90, 0, width * height)
  const chroma = (width * height) / 4
  frame.fill(140, width * height, width * height + chroma)
  frame.fill(118, width * height + chroma)
  return frame
}
