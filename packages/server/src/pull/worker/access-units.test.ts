import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AccessUnits } from './access-units.js'
import { Pace } from './pace.js'
import { PictureSizes } from './picture-sizes.js'

const START = [0, 0, 0, 1]
/** A picture: NAL units, each in one or more pieces. */
const picture = fc.array(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
})
const piecesOf = (units: number[][], mark: number): Uint8Array[] =>
  units.flatMap((pieces) =>
    pieces.map((length, index) =>
      Uint8Array.from([...(index === 0 ? START : []), ...Array<number>(length).fill(mark)]),
    ),
  )
const sizeOf = (pieces: Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0)

function rig(sizes?: PictureSizes) {
  const out: { bytes: number; pts: number }[] = []
  const units = new AccessUnits({ sizes, maxBytes: 10_000 }, (bytes, { pts }) => out.push({ bytes: bytes.length, pts }))
  return { out, units }
}

test('pictures come out whole and in order, however they are cut', () => {
  fc.assert(
    fc.property(fc.array(picture, { minLength: 1, maxLength: 10 }), (pictures) => {
      const { out, units } = rig()
      const sizes = pictures.map((shape, index) => {
        const pieces = piecesOf(shape, 9)
        for (const piece of pieces) units.push(piece, { pts: index * 40, age: undefined })
        return sizeOf(pieces)
      })
      expect(out.length).toBe(pictures.length - 1)
      units.flush()
      expect(out).toEqual(sizes.map((bytes, index) => ({ bytes, pts: index * 40 })))
    }),
  )
})

test('with known sizes each picture comes out with its last byte, soon also after some sizes were missed', () => {
  fc.assert(
    fc.property(
      fc.array(picture, { minLength: 12, maxLength: 30 }),
      fc.integer({ min: 0, max: 3 }),
      (pictures, missed) => {
        const known = new PictureSizes()
        const { out, units } = rig(known)
        const all = pictures.map((shape, index) => piecesOf(shape, index))
        for (const [index, pieces] of all.entries()) {
          // The reader of the wire is ahead, and may have begun late.
          if (index >= missed) known.push(sizeOf(pieces))
          for (const piece of pieces) units.push(piece, { pts: index * 40, age: undefined })
        }
        units.flush()
        const whole = out.filter(({ pts, bytes }) => bytes === sizeOf(all[pts / 40]!))
        // A size of another picture may fit by chance while out of step; then that one picture is cut, and no other.
        expect(whole.length).toBeGreaterThanOrEqual(pictures.length - missed)
        if (missed === 0) expect(whole.map(({ pts }) => pts)).toEqual(pictures.map((_shape, index) => index * 40))
      },
    ),
  )
})

test('with known sizes nothing waits for the next picture', () => {
  const known = new PictureSizes()
  const { out, units } = rig(known)
  known.push(12)
  units.push(Uint8Array.from([...START, 1, 1]), { pts: 0, age: undefined })
  expect(out).toEqual([])
  units.push(Uint8Array.from([2, 2, 2, 2, 2, 2]), { pts: 0, age: undefined })
  expect(out).toEqual([{ bytes: 12, pts: 0 }])
})

test('a picture larger than the limit is left out', () => {
  const { out, units } = rig()
  for (let index = 0; index < 3; index++)
    units.push(Uint8Array.from([...START, ...new Uint8Array(6000)]), { pts: 0, age: undefined })
  units.push(Uint8Array.from([...START, 1]), { pts: 40, age: undefined })
  units.flush()
  expect(out.at(-1)).toEqual({ bytes: 5, pts: 40 })
  expect(Math.max(...out.map(({ bytes }) => bytes))).toBeLessThanOrEqual(10_000)
})

test('bursts are let go at their times; what is late or has jumped goes at once', () => {
  const pace = new Pace()
  expect(pace.wait(0, 500_000)).toBe(0)
  expect(pace.wait(0, 540_000)).toBe(40_000)
  expect(pace.wait(40_000, 540_000)).toBe(0)
  // Late by less than a second: it catches up.
  expect(pace.wait(600_000, 600_000)).toBe(0)
  expect(pace.wait(600_000, 1_200_000)).toBe(100_000)
  // Late by more: live is now.
  expect(pace.wait(5_000_000, 1_240_000)).toBe(0)
  expect(pace.wait(5_000_000, 1_280_000)).toBe(40_000)
  expect(pace.wait(5_000_000, 900_000_000)).toBe(0)
  expect(pace.wait(5_000_000, 900_040_000)).toBe(40_000)
})
