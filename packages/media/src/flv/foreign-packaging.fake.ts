import { parseAvcDecoderConfiguration } from '../h264/decoder-configuration.js'
import { parseHevcDecoderConfiguration } from '../h265/decoder-configuration.js'

/** An access unit of NAL units, parameter sets left out. */
export type Units = readonly Uint8Array[]

/** One way in which encoders wrap H.264 or H.265 for FLV. */
export interface Packaging {
  readonly name: string
  /** The sequence header's record; undefined for none. */
  readonly record: (sets: Units) => Uint8Array | undefined
  /** The payload of a frame, key frames with their sets where the name says so. */
  readonly frame: (units: Units, sets: Units, isKey: boolean) => Uint8Array
}

const startCode = Uint8Array.of(0, 0, 0, 1)
const shortStartCode = Uint8Array.of(0, 0, 1)

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

const lengths = (units: Units, size: 1 | 2 | 3 | 4 = 4): Uint8Array =>
  joined(
    units.flatMap((unit) => [
      Uint8Array.from({ length: size }, (_, index) => unit.length >>> (8 * (size - 1 - index))),
      unit,
    ]),
  )
const annexB = (units: Units, code = startCode): Uint8Array => joined(units.flatMap((unit) => [code, unit]))

/** The byte that says the length size, and how it is changed: behind profile and level in avcC, further back in hvcC. */
function withLengthSize(record: Uint8Array, codec: 'h264' | 'h265', size: number): Uint8Array {
  const out = record.slice()
  const at = codec === 'h264' ? 4 : 21
  out[at] = (out[at]! & 0xfc) | (size - 1)
  return out
}

function withoutSets(record: Uint8Array, codec: 'h264' | 'h265'): Uint8Array {
  if (codec === 'h264') return joined([record.subarray(0, 5), Uint8Array.of(0xe0, 0)])
  const out = record.slice(0, 23)
  out[22] = 0
  return out
}

/** The ways of a codec. `good` is a correct record of the sets, `delimiter` an access unit delimiter. */
export function packagingsOf(codec: 'h264' | 'h265', good: Uint8Array): readonly Packaging[] {
  const delimiter = codec === 'h264' ? Uint8Array.of(9, 0xf0) : Uint8Array.of(0x46, 1, 0x50)
  const filler = codec === 'h264' ? Uint8Array.of(12, 0xff, 0x80) : Uint8Array.of(0x4c, 1, 0xff, 0x80)
  const inBand = (units: Units, sets: Units, isKey: boolean): Units => [delimiter, ...(isKey ? sets : []), ...units]
  const version = good.slice()
  version[0] = 0
  return [
    { name: 'by the book', record: () => good, frame: (units) => lengths(units) },
    {
      name: 'sets, delimiters and filler in band',
      record: () => good,
      frame: (...args) => lengths([...inBand(...args), filler]),
    },
    {
      name: 'empty units between',
      record: () => good,
      frame: (units) => lengths(units.flatMap((unit) => [new Uint8Array(0), unit, new Uint8Array(0)])),
    },
    { name: 'no sequence header, sets in band', record: () => undefined, frame: (...args) => lengths(inBand(...args)) },
    { name: 'no sequence header, byte stream', record: () => undefined, frame: (...args) => annexB(inBand(...args)) },
    {
      name: 'record without sets, sets in band',
      record: () => withoutSets(good, codec),
      frame: (...args) => lengths(inBand(...args)),
    },
    {
      name: 'empty record, sets in band',
      record: () => new Uint8Array(0),
      frame: (...args) => lengths(inBand(...args)),
    },
    { name: 'record of another version', record: () => version, frame: (units) => lengths(units) },
    { name: 'record and frames as a byte stream', record: (sets) => annexB(sets), frame: (units) => annexB(units) },
    {
      name: 'record as a byte stream, frames with lengths',
      record: (sets) => annexB(sets),
      frame: (units) => lengths(units),
    },
    { name: 'byte stream behind a good record', record: () => good, frame: (...args) => annexB(inBand(...args)) },
    {
      name: 'short start codes behind a good record',
      record: () => good,
      frame: (...args) => annexB(inBand(...args), shortStartCode),
    },
    {
      name: 'start codes inside one length',
      record: () => good,
      frame: (units) => lengths([joined(units.flatMap((unit, index) => (index === 0 ? [unit] : [startCode, unit])))]),
    },
    {
      name: 'two bytes behind the last unit',
      record: () => good,
      frame: (units) => joined([lengths(units), new Uint8Array(2)]),
    },
    {
      name: 'zeros behind each unit',
      record: () => good,
      frame: (units) => lengths(units.map((unit) => joined([unit, new Uint8Array(3)]))),
    },
    { name: 'lengths of 2 bytes', record: () => withLengthSize(good, codec, 2), frame: (units) => lengths(units, 2) },
    { name: 'lengths of 3 bytes', record: () => withLengthSize(good, codec, 3), frame: (units) => lengths(units, 3) },
    {
      name: 'lengths of 4 bytes, record says 2',
      record: () => withLengthSize(good, codec, 2),
      frame: (units) => lengths(units),
    },
    {
      name: 'lengths of 4 bytes, record says 1',
      record: () => withLengthSize(good, codec, 1),
      frame: (units) => lengths(units),
    },
    {
      name: 'a cut unit behind the picture',
      record: () => good,
      frame: (units) => joined([lengths(units), Uint8Array.of(0, 0, 1, 0, 6, 5)]),
    },
  ]
}

/** The parameter sets of a good record. */
export function setsOf(codec: 'h264' | 'h265', record: Uint8Array): Units {
  if (codec === 'h264') {
    const { sps, pps } = parseAvcDecoderConfiguration(record)!
    return [...sps, ...pps]
  }
  const { vps, sps, pps } = parseHevcDecoderConfiguration(record)!
  return [...vps, ...sps, ...pps]
}
