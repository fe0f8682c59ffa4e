import { describe, expect, test } from 'vitest'
import { encodeAmf0Values } from '../amf0/writer.js'
import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { avcRecordCases } from '../h264/sps.cases.js'
import { buildSps } from '../h264/sps.fake.js'
import type { MediaFrame, VideoConfig } from '../model/frame.js'
import { buildMetadataBody } from './metadata.js'
import { FlvTagReader } from './tag-reader.js'

const record = avcRecordCases[0].hex
const sequenceHeader = bytesOf(`17 00 000000 ${record}`)
const idr = bytesOf('17 01 000000 00000003 658880')
const inter = bytesOf('27 01 000028 00000003 419a22 00000002 419a')
const aacHeader = bytesOf('af 00 1188')
const aacFrame = bytesOf('af 01 01180007')

/** Reads tags one after the other; the reader, what it answered, and the frames. */
function read(...tags: readonly [type: number, timestampMs: number, body: Uint8Array][]) {
  const reader = new FlvTagReader()
  const frames: MediaFrame[] = []
  const accepted = tags.map(([type, timestampMs, body]) => reader.readTag(type, timestampMs, body, 7, frames))
  return { reader, accepted, frames }
}

test('a video frame has its units, its times and the config of the sequence header', () => {
  const { frames } = read([9, 0, sequenceHeader], [9, 1000, idr], [9, 1040, inter])
  expect(frames.length).toBe(2)
  expect(frames[0]).toMatchObject({ keyframe: true, droppable: false, dts: 1_000_000, pts: 1_000_000, receivedAt: 7 })
  expect(frames[1]).toMatchObject({ keyframe: false, droppable: false, dts: 1_040_000, pts: 1_080_000 })
  expect(frames[1]!.units.map(hexOf)).toEqual(['419a22', '419a'])
  expect(frames[1]!.units[0]!.buffer).toBe(inter.buffer)
  expect(frames[1]!.config).toBe(frames[0]!.config)
  expect(frames[0]!.config).toMatchObject({ codec: 'h264', width: 320, flvSpelling: 'legacy' })
  expect(hexOf(frames[0]!.config.description)).toBe(record)
})

test('a repeated sequence header keeps the config, a different one makes another', () => {
  const other = bytesOf(`17 00 000000 ${avcRecordCases[1].hex}`)
  const { frames } = read(
    [9, 0, sequenceHeader],
    [9, 0, idr],
    [9, 40, sequenceHeader],
    [9, 40, idr],
    [9, 80, other],
    [9, 80, idr],
  )
  expect(frames[1]!.config).toBe(frames[0]!.config)
  expect(frames[2]!.config).not.toBe(frames[0]!.config)
})

test('an SPS inside the stream makes a config, and the old sequence header repeated does not undo it', () => {
  const sps = buildSps({ macroblocksWide: 40, macroblocksHigh: 30 })
  const withSps = bytesOf(
    `17 01 000000 000000${sps.length.toString(16).padStart(2, '0')} ${hexOf(sps)} 00000003 658880`,
  )
  const { frames } = read(
    [9, 0, sequenceHeader],
    [9, 0, idr],
    [9, 40, withSps],
    [9, 80, sequenceHeader],
    [9, 80, withSps],
  )
  expect(frames.map(({ config }) => config.kind === 'video' && config.width)).toEqual([320, 640, 640])
  expect(frames[2]!.config).toBe(frames[1]!.config)
  expect(frames[1]!.config).toMatchObject({ flvSpelling: 'legacy' })
})

test('frames before their sequence header are refused, and counted', () => {
  const { reader, accepted, frames } = read([9, 0, idr], [8, 0, aacFrame], [9, 0, sequenceHeader], [9, 40, idr])
  expect(accepted).toEqual([false, false, true, true])
  expect(reader.lastError?.code).toBe('FLV_NO_SEQUENCE_HEADER')
  expect(reader.counters).toMatchObject({ refusedTags: 2, videoFrames: 1, audioFrames: 0 })
  expect(frames.length).toBe(1)
})

test('after a sequence header that is refused no frame goes out with the old config', () => {
  const broken = bytesOf('17 00 000000 01640000')
  const { reader, accepted } = read(
    [9, 0, sequenceHeader],
    [9, 0, broken],
    [9, 40, idr],
    [9, 80, sequenceHeader],
    [9, 80, idr],
  )
  expect(accepted).toEqual([true, false, false, true, true])
  expect(reader.lastError?.code).toBe('FLV_NO_SEQUENCE_HEADER')
})

test.each([
  ['a NAL length past the end', 9, '17 01 000000 00000009 658880', 'FLV_BAD_FRAME'],
  ['a NAL length of 2^32-1', 9, '17 01 000000 ffffffff 658880', 'FLV_BAD_FRAME'],
  ['513 NAL units', 9, `17 01 000000 ${'0000000165'.repeat(513)}`, 'FLV_BAD_FRAME'],
  ['AVC packet type 3', 9, '17 03 000000', 'FLV_MALFORMED_TAG'],
  ['Sorenson H.263', 9, '12 00', 'FLV_UNSUPPORTED_CODEC'],
  ['a picture of 0 pixels', 9, '17 00 000000 014d001fffe100046700000001000468ce3c80', 'FLV_BAD_SEQUENCE_HEADER'],
  ['device-specific sound', 8, 'f2 00', 'FLV_UNSUPPORTED_CODEC'],
  ['AAC at 192 kHz', 8, 'af 00 1781770010', 'FLV_BAD_SEQUENCE_HEADER'],
  ['an Opus frame of 63 × 60 ms', 8, '91 4f707573 1b3f', 'FLV_NO_SEQUENCE_HEADER'],
  ['an MP3 frame without sync word', 8, '2f 001122', 'FLV_BAD_FRAME'],
  ['script data that is not AMF0', 18, '02ffff', 'FLV_BAD_SCRIPT_DATA'],
  ['a tag type nobody knows', 10, '00', 'FLV_UNKNOWN_TAG_TYPE'],
])('refused with a reason: %s', (_, type, hex, code) => {
  const { reader, accepted, frames } = read([9, 0, sequenceHeader], [type, 0, bytesOf(hex)])
  expect(accepted[1]).toBe(false)
  expect(reader.lastError?.code).toBe(code)
  expect(frames).toEqual([])
})

test.each([
  ['an empty video tag', 9, ''],
  ['an empty audio tag', 8, ''],
  ['a frame without units', 9, '17 01 000000'],
  ['a frame of empty units', 9, '17 01 000000 00000000 00000000'],
  ['an AAC frame without bytes', 8, 'af 01'],
  ['a command frame', 9, '57 00'],
  ['the end of a sequence', 9, '17 02 000000'],
  ['other script data', 18, '02000a6f6e43756550 6f696e74'],
])('accepted without a frame: %s', (_, type, hex) => {
  const { accepted, frames } = read([9, 0, sequenceHeader], [type, 0, bytesOf(hex)])
  expect(accepted[1]).toBe(true)
  expect(frames).toEqual([])
})

test.each([
  ['an IDR picture that the tag calls inter', '27 01 000000 00000003 658880', true, undefined],
  ['a key tag without IDR', '17 01 000000 00000003 419a22', false, undefined],
  ['a key tag with a recovery point', '17 01 000000 00000005 0606 01c480 00000003 419a22', false, 0],
  ['an inter tag with a recovery point', '27 01 000000 00000005 0606 01c480 00000003 419a22', false, 0],
  ['a key tag with an I picture', '17 01 000000 00000003 41b822', false, 0],
])('where decoders may start: %s', (_, hex, keyframe, recovery) => {
  const { frames } = read([9, 0, sequenceHeader], [9, 0, bytesOf(hex)])
  expect(frames[0]!.keyframe).toBe(keyframe)
  expect(frames[0]!.recovery).toBe(recovery)
})

describe('a configuration that changes inside a GOP is in force from the next keyframe on', () => {
  const pps1 = '68 4b'
  const configsOf = (frames: readonly MediaFrame[]): number[] => {
    const seen = [...new Set(frames.map(({ config }) => config))]
    return frames.map(({ config }) => seen.indexOf(config))
  }

  test('a PPS on a P picture stays in band', () => {
    const { frames } = read(
      [9, 0, sequenceHeader],
      [9, 0, idr],
      [9, 40, bytesOf(`27 01 000000 00000002 ${pps1} 00000003 419a22`)],
      [9, 80, inter],
      [9, 120, idr],
      [9, 160, inter],
    )
    expect(configsOf(frames)).toEqual([0, 0, 0, 1, 1])
    expect(frames[1]!.units.map(hexOf)).toEqual(['684b', '419a22'])
    expect((frames[3]!.config as VideoConfig).parameterSets.map(hexOf)).toContain('684b')
  })

  test('parameter sets of a sequence header are sent in band once', () => {
    const more = bytesOf(`17 00 000000 ${record.replace('01000668', '020002684b000668')}`)
    const delimited = bytesOf('27 01 000000 00000002 09f0 00000003 419a22')
    const { frames } = read(
      [9, 0, sequenceHeader],
      [9, 0, idr],
      [9, 40, more],
      [9, 40, delimited],
      [9, 80, inter],
      [9, 120, idr],
    )
    expect(configsOf(frames)).toEqual([0, 0, 0, 1])
    expect(frames[1]!.units.map(hexOf)).toEqual(['684b', '419a22'])
    expect(frames[2]!.units.map(hexOf)).toEqual(['419a22', '419a'])
    expect(hexOf(frames[3]!.config.description)).toBe(hexOf(more.subarray(5)))
  })

  test('a recovery point counts as a keyframe, where no other comes', () => {
    const recoveryPoint = bytesOf('17 01 000000 00000005 0606 01c480 00000003 419a22')
    const added = bytesOf(`27 01 000000 00000002 ${pps1} 00000003 419a22`)
    const { frames } = read([9, 0, sequenceHeader], [9, 0, idr], [9, 40, added], [9, 80, recoveryPoint])
    expect(configsOf(frames)).toEqual([0, 0, 1])
  })
})

test('a picture without references is droppable', () => {
  const { frames } = read([9, 0, sequenceHeader], [9, 0, bytesOf('27 01 000000 00000003 019e22')])
  expect(frames[0]!.droppable).toBe(true)
})

test('frame rate and bit rates of the metadata go into the configs made after it', () => {
  const first = read([9, 0, sequenceHeader], [9, 0, idr], [8, 0, aacHeader], [8, 0, aacFrame]).frames
  const video = { ...first[0]!.config, frameRate: 15, bitrate: 1_200_000 }
  const audio = { ...first[1]!.config, bitrate: 48_000 }
  if (video.kind !== 'video' || audio.kind !== 'audio') throw new Error('not one of each')
  const metadata = buildMetadataBody({ video, audio, encoder: 'test' })
  const { reader, frames } = read(
    [18, 0, metadata],
    [9, 0, sequenceHeader],
    [9, 0, idr],
    [8, 0, aacHeader],
    [8, 0, aacFrame],
  )
  expect(reader.metadata).toMatchObject({ encoder: 'test', width: 320, height: 180 })
  expect(frames[0]!.config).toMatchObject({ frameRate: 15, bitrate: 1_200_000 })
  expect(frames[1]!.config).toMatchObject({ bitrate: 48_000 })
})

test('audio time counts samples, whatever the milliseconds say', () => {
  const stamps = [0, 21, 43, 64, 85]
  const { frames } = read([8, 0, aacHeader], ...stamps.map((ms) => [8, ms, aacFrame] as [number, number, Uint8Array]))
  expect(frames.map(({ dts }) => dts)).toEqual([0, 21_333, 42_667, 64_000, 85_333])
})

test('beyond 2^32 ms time goes on', () => {
  const { frames } = read([9, 0, sequenceHeader], [9, 2 ** 32 + 5, inter])
  expect(frames[0]!.dts).toBe((2 ** 32 + 5) * 1000)
})

test('Opus, MP3 and AAC in enhanced tags', () => {
  const opusHead = '4f707573486561640102380180bb0000000000'
  const { frames, reader } = read(
    [8, 0, bytesOf(`90 4f707573 ${opusHead}`)],
    [8, 0, bytesOf('91 4f707573 fc00')],
    [8, 20, bytesOf('91 4f707573 fc00')],
    [8, 40, bytesOf('91 2e6d7033 fffb9064 00')],
    [8, 80, bytesOf('90 6d703461 1188')],
    [8, 80, bytesOf('91 6d703461 01180007')],
  )
  expect(reader.lastError).toBeUndefined()
  expect(frames.map(({ config }) => config.codec)).toEqual(['opus', 'opus', 'mp3', 'aac'])
  expect(frames[1]).toMatchObject({ dts: 20_000, config: { channels: 2, sampleRate: 48000, samplesPerFrame: 0 } })
  expect(frames[2]).toMatchObject({
    config: { sampleRate: 44100, channels: 2, samplesPerFrame: 1152, bitrate: 128_000 },
  })
  expect(frames.every(({ config }) => config.flvSpelling === 'enhanced')).toBe(true)
})

test('VP8 needs no sequence header: its key frame is the config', () => {
  const key = bytesOf('91 76703038 3055009d012a4001b400 4708')
  const { frames, accepted } = read(
    [9, 0, bytesOf('a1 76703038 b10600')],
    [9, 0, key],
    [9, 40, bytesOf('a1 76703038 b10600')],
  )
  expect(accepted).toEqual([false, true, true])
  expect(frames.map(({ keyframe }) => keyframe)).toEqual([true, false])
  expect(frames[1]!.config).toMatchObject({ codec: 'vp8', width: 320, height: 180 })
})

test('VP9 learns its size from the key frame, AV1 from the record', () => {
  const { frames, reader } = read(
    [9, 0, bytesOf('90 76703039 01000000000b820202020000')],
    [9, 0, bytesOf('91 76703039 824983420013f00b360638241c')],
    [9, 40, bytesOf('a1 76703039 86004092f1')],
    [9, 80, bytesOf('90 61763031 81000c000a0b000000043cfecc02f80040')],
    [9, 80, bytesOf('91 61763031 1200 0a0b000000043cfeccfbf90040 32021400')],
    [9, 120, bytesOf('a1 61763031 1200 3203290012')],
  )
  expect(reader.lastError?.message).toBeUndefined()
  expect(frames.map(({ config, keyframe }) => [config.codec, keyframe])).toEqual([
    ['vp9', true],
    ['vp9', false],
    ['av1', true],
    ['av1', false],
  ])
  expect(frames[1]!.config).toMatchObject({ width: 320, height: 180, codecString: 'vp09.00.11.08' })
  expect(frames[3]!.config).toMatchObject({ width: 320, height: 180, codecString: 'av01.0.00M.08' })
})

test('script data for players travels with the next picture, bounded, and onMetaData does not', () => {
  const body = encodeAmf0Values(['onTextData', { text: 'x' }])
  const script = (name: string, ms: number): [number, number, Uint8Array] => [18, ms, encodeAmf0Values([name, {}])]
  const many = Array.from({ length: 40 }, (_, index): [number, number, Uint8Array] => [18, 1050 + index, body])
  const { frames, accepted } = read(
    [9, 0, sequenceHeader],
    [8, 0, aacHeader],
    [9, 1000, idr],
    script('onMetaData', 1000),
    script('onCuePoint', 1010),
    [8, 1020, aacFrame],
    [9, 1040, inter],
    ...many,
    [9, 1100, inter],
  )
  expect(accepted).not.toContain(false)
  expect(frames.map((frame) => frame.script?.length)).toEqual([undefined, undefined, 1, 32])
  expect(frames[2]!.script![0]!.offset).toBe(-30_000)
})

test('script data travels with the audio once pictures stopped', () => {
  const script = encodeAmf0Values(['onTextData', { text: 'x' }])
  const { frames } = read(
    [9, 0, sequenceHeader],
    [8, 0, aacHeader],
    [9, 0, idr],
    [18, 100, script],
    [8, 200, aacFrame],
    [8, 1200, aacFrame],
  )
  expect(frames.map((frame) => frame.script?.length)).toEqual([undefined, undefined, 1])
})
