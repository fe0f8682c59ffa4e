import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { parseAvcDecoderConfiguration } from '../h264/decoder-configuration.js'
import { avcRecordCases } from '../h264/sps.cases.js'
import { hevcRecordCases } from '../h265/h265.cases.js'
import { parseHevcDecoderConfiguration } from '../h265/decoder-configuration.js'
import type { MediaFrame, VideoConfig } from '../model/frame.js'
import { joined, packagingsOf, setsOf, type Packaging, type Units } from './foreign-packaging.fake.js'
import { FlvTagReader } from './tag-reader.js'

const codecs = [
  { codec: 'h264', id: 7, fourCc: 'avc1', good: bytesOf(avcRecordCases[0].hex), key: 0x65, inter: 0x41 },
  { codec: 'h265', id: 12, fourCc: 'hvc1', good: bytesOf(hevcRecordCases[0].hex), key: 0x26, inter: 0x02 },
] as const
type CodecCase = (typeof codecs)[number]

/** One to four slices with bytes that need no emulation prevention and do not end in zero. */
const bytes = fc.oneof(
  fc.uint8Array({ minLength: 2, maxLength: 250 }),
  fc.uint8Array({ minLength: 250, maxLength: 600, size: 'max' }),
)
const content = fc.array(bytes, { minLength: 1, maxLength: 4 })
const picture = fc.record({ isKey: fc.boolean(), slices: content })

function unitsOf({ codec, key, inter }: CodecCase, isKey: boolean, slices: readonly Uint8Array[]): Units {
  const header = codec === 'h264' ? [isKey ? key : inter] : [isKey ? key : inter, 1]
  return slices.map((bytes) => joined([Uint8Array.from(header), bytes.map((byte) => byte | 4)]))
}

/** Both spellings of a tag: the FLV of old and Enhanced RTMP. */
function tagOf({ id, fourCc }: CodecCase, isEnhanced: boolean, isKey: boolean, isRecord: boolean, payload: Uint8Array) {
  const type = isKey ? 1 : 2
  if (!isEnhanced) return joined([Uint8Array.of((type << 4) | id, isRecord ? 0 : 1, 0, 0, 0), payload])
  const fourCcBytes = Uint8Array.from(fourCc, (letter) => letter.charCodeAt(0))
  return joined([Uint8Array.of(0x80 | (type << 4) | (isRecord ? 0 : 3)), fourCcBytes, payload])
}

/** Reads the pictures in a packaging; the first is a key frame. */
function readPictures(
  codec: CodecCase,
  packaging: Packaging,
  pictures: readonly Units[],
  keys: readonly boolean[],
  isEnhanced: boolean,
): MediaFrame[] {
  const reader = new FlvTagReader()
  const frames: MediaFrame[] = []
  const sets = setsOf(codec.codec, codec.good)
  const record = packaging.record(sets)
  if (record !== undefined) reader.readTag(9, 0, tagOf(codec, isEnhanced, true, true, record), 0, frames)
  pictures.forEach((units, index) => {
    const body = tagOf(codec, isEnhanced, keys[index]!, false, packaging.frame(units, sets, keys[index]!))
    expect(reader.readTag(9, 40 * index, body, 0, frames), reader.lastError?.message).toBe(true)
  })
  return frames
}

test.each(
  codecs.flatMap((codec) => {
    const ways = packagingsOf(codec.codec, codec.good)
    return ways.map((packaging) => ({ name: `${codec.codec}, ${packaging.name}`, codec, packaging }))
  }),
)('$name: the units come out as the encoder made them, with a correct record', ({ codec, packaging }) => {
  fc.assert(
    fc.property(fc.array(picture, { minLength: 1, maxLength: 5 }), fc.boolean(), (made, isEnhanced) => {
      const keys = made.map(({ isKey }, index) => isKey || index === 0)
      const pictures = made.map(({ slices }, index) => unitsOf(codec, keys[index]!, slices))
      const frames = readPictures(codec, packaging, pictures, keys, isEnhanced)
      const setHex = setsOf(codec.codec, codec.good).map(hexOf)
      const slices = frames.map(({ units }) => units.map(hexOf).filter((unit) => !setHex.includes(unit)))
      expect(slices).toEqual(pictures.map((units) => units.map(hexOf)))
      for (const { config } of frames) expectStrict(config as VideoConfig, setHex)
    }),
    { numRuns: 30 },
  )
})

function expectStrict(config: VideoConfig, sets: readonly string[]): void {
  expect(config.nalLengthSize).toBe(4)
  expect(config.description[0]).toBe(1)
  const parsed =
    config.codec === 'h264'
      ? parseAvcDecoderConfiguration(config.description)
      : parseHevcDecoderConfiguration(config.description)
  expect(parsed?.nalLengthSize).toBe(4)
  expect(config.parameterSets.map(hexOf).sort()).toEqual([...sets].sort())
}

test('AAC with ADTS headers is read without a sequence header, and several frames of a tag one by one', () => {
  const adts = (length: number) =>
    joined([
      Uint8Array.of(
        0xff,
        0xf1,
        0x50,
        0x80 | ((length + 7) >> 11),
        (length + 7) >> 3,
        (((length + 7) & 7) << 5) | 0x1f,
        0xfc,
      ),
      new Uint8Array(length).fill(0x21),
    ])
  const reader = new FlvTagReader()
  const frames: MediaFrame[] = []
  expect(reader.readTag(8, 0, joined([Uint8Array.of(0xaf, 1), adts(50), adts(60)]), 0, frames)).toBe(true)
  expect(reader.readTag(8, 46, joined([Uint8Array.of(0xaf, 1), adts(70)]), 0, frames)).toBe(true)
  expect(frames.map(({ units }) => units[0]!.length)).toEqual([50, 60, 70])
  expect(frames.map(({ dts }) => Math.round(dts / 1000))).toEqual([0, 23, 46])
  expect(frames[0]!.config).toMatchObject({ codec: 'aac', sampleRate: 44100, channels: 2, samplesPerFrame: 1024 })
  expect(hexOf(frames[0]!.config.description)).toBe('1210')
  expect(new Set(frames.map(({ config }) => config)).size).toBe(1)
})

test('an AudioSpecificConfig that changes makes another config, an ADTS header in its place is one', () => {
  const reader = new FlvTagReader()
  const frames: MediaFrame[] = []
  const frame = bytesOf('af 01 01180007')
  for (const header of ['af 00 1210', 'af 00 1188', 'af 00 fff150800 01ffc'.replaceAll(' ', '')]) {
    reader.readTag(8, 0, bytesOf(header), 0, frames)
    expect(reader.readTag(8, 0, frame, 0, frames)).toBe(true)
  }
  expect(frames.map(({ config }) => hexOf(config.description))).toEqual(['1210', '1188', '1210'])
})
