import { bytesOf } from '../bytes/hex.fake.js'
import { splitAnnexB } from './annexb.js'
import { byteLengthOfLengthPrefixed, MAX_NAL_UNITS, writeLengthPrefixed } from './length-prefixed.js'
import { splitUnits, type ReadLengthSize } from './unit-splitter.js'

/** The first byte of an input says the size that its lengths are announced with. */
const SIZES: readonly ReadLengthSize[] = [1, 2, 3, 4]

const seeds = (): Uint8Array[] =>
  [
    '03 00000002 65 88 00000003 41 9a 02',
    '03 00000001 65 88 00000001 65 88 00000002 06 80',
    '03 00000001 67 42 00 0a 00000001 68 ce 00000001 65 88 84',
    '03 0000000b 06 05 01 80 00000001 65 88 84',
    '03 00000000 00000002 65 88 0000',
    '01 0002 65 88 0003 41 9a 02',
    '03 0002 65 88 0003 41 9a 02',
    '02 000002 65 88 000003 41 9a 02',
    '00 02 65 88 03 41 9a 02',
    `03 00000100 65 ${'88'.repeat(255)} 00000002 41 9a`,
  ].map(bytesOf)

function checkUnits(units: readonly Uint8Array[], input: Uint8Array): void {
  let last = 0
  for (const unit of units) {
    const from = unit.byteOffset - input.byteOffset
    if (unit.buffer !== input.buffer || from < last || unit.length === 0) throw new Error('a unit out of place')
    last = from + unit.length
    if (unit.at(-1) === 0) throw new Error('a zero at the end of a unit')
    if (splitAnnexB(unit).length > 0) throw new Error('a start code in a unit')
  }
  if (last > input.length) throw new Error('a unit past the end')
  if (units.length > MAX_NAL_UNITS) throw new Error(`${units.length} units`)
}

export const fuzzTargets = [
  {
    name: 'unit-splitter',
    seeds,
    run: (input: Uint8Array): void => {
      const units: Uint8Array[] = []
      if (!splitUnits(input, 1, input.length, SIZES[input[0]! & 3]!, units)) return
      checkUnits(units, input)
      // However it was wrapped, what is written of it is read as the same.
      const written = new Uint8Array(byteLengthOfLengthPrefixed(units, 4))
      writeLengthPrefixed(units, 4, written, 0)
      const again: Uint8Array[] = []
      const isRead = splitUnits(written, 0, written.length, 4, again)
      if (!isRead || again.length !== units.length) throw new Error('not the same units again')
    },
  },
]
