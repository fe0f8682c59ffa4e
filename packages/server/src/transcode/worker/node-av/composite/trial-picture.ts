import type { Canvas } from './canvas.js'

/** A pattern that moves, about as hard to code as the pictures of cameras: waves, with a little noise. */
export function paintTrial(canvas: Canvas, number: number): void {
  const planes = canvas.at({ x: 0, y: 0, width: canvas.width, height: canvas.height })
  let noise = 12345 + number
  for (const [plane, { data, stride }] of planes.entries()) {
    const shift = plane === 0 ? 0 : 1
    const width = canvas.width >> shift
    const wave = Uint8Array.from({ length: width }, (_, x) => 128 + 60 * Math.sin((x + number * 3) / 23))
    for (let row = 0; row < canvas.height >> shift; row++) {
      noise = (Math.imul(noise, 1_103_515_245) + 12_345) & 0x7fffffff
      const turn = ((row >> 3) * 37 + ((noise >> 16) & 1)) % width
      const at = row * stride
      data.set(wave.subarray(turn), at)
      data.set(wave.subarray(0, turn), at + width - turn)
    }
  }
}
