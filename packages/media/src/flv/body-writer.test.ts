import { expect, test } from 'vitest'
import { silentAacConfig } from '../aac/silence.js'
import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { videoConfigFromAvcRecord } from '../h264/config.js'
import { avcRecordCases } from '../h264/sps.cases.js'
import { videoConfigFromHevcRecord } from '../h265/config.js'
import { hevcRecordCases } from '../h265/h265.cases.js'
import type { AudioConfig, CodecConfig, FlvSpelling, MediaFrame, VideoConfig } from '../model/frame.js'
import { audioConfigFromMp3 } from '../mp3/config.js'
import { parseMp3FrameHeader } from '../mp3/frame-header.js'
import { audioConfigFromOpusHead, buildOpusHead } from '../opus/opus-head.js'
import { videoConfigFromVp8Keyframe } from '../vp8/config.js'
import {
  byteLengthOfConfigBody,
  byteLengthOfFrameBody,
  flvTimestampMs,
  writeConfigBody,
  writeFrameBody,
} from './body-writer.js'
import { isLegacyWritable } from './spelling.js'

const h264 = videoConfigFromAvcRecord(bytesOf(avcRecordCases[0].hex))!
const h265 = videoConfigFromHevcRecord(bytesOf(hevcRecordCases[0].hex))!
const vp8 = videoConfigFromVp8Keyframe(bytesOf('3055009d012a4001b4004708'), undefined)!
const aac = silentAacConfig(48000, 1)
const opus = audioConfigFromOpusHead(buildOpusHead({ channels: 2, preSkip: 312, inputSampleRate: 48000 }))!
const mp3 = (header: string) => audioConfigFromMp3(parseMp3FrameHeader(bytesOf(header))!)

function frame(config: CodecConfig, units: string[], fields: Partial<MediaFrame> = {}): MediaFrame {
  const times = { pts: 0, dts: 0, receivedAt: 0, keyframe: true, droppable: false }
  return { config, units: units.map(bytesOf), ...times, ...fields }
}

function frameBody(of: MediaFrame, spelling?: FlvSpelling): string {
  const out = new Uint8Array(byteLengthOfFrameBody(of, spelling) + 2).fill(0xee)
  expect(writeFrameBody(of, out, 1, spelling)).toBe(out.length - 1)
  expect([out[0], out[out.length - 1]]).toEqual([0xee, 0xee])
  return hexOf(out.subarray(1, -1))
}

function configBody(config: CodecConfig, spelling?: FlvSpelling): string {
  const out = new Uint8Array(byteLengthOfConfigBody(config, spelling))
  expect(writeConfigBody(config, out, 0, spelling)).toBe(out.length)
  return hexOf(out)
}

const enhanced = <Config extends VideoConfig | AudioConfig>(config: Config): Config => ({
  ...config,
  flvSpelling: 'enhanced',
})

test.each<[string, string, string]>([
  ['H.264', configBody(h264), '1700000000' + avcRecordCases[0].hex],
  ['H.264, enhanced publisher', configBody(enhanced(h264)), '9061766331' + avcRecordCases[0].hex],
  ['H.264 is not respelled for a viewer', configBody(h264, 'enhanced'), '1700000000' + avcRecordCases[0].hex],
  ['H.265', configBody(h265), '1c00000000' + hevcRecordCases[0].hex],
  ['H.265 rewritten as enhanced', configBody(h265, 'enhanced'), '9068766331' + hevcRecordCases[0].hex],
  ['H.265 rewritten as legacy', configBody(enhanced(h265), 'legacy'), '1c00000000' + hevcRecordCases[0].hex],
  ['AAC', configBody(aac), 'af001188'],
  ['AAC, enhanced publisher', configBody(enhanced(aac)), '906d7034611188'],
  ['Opus', configBody(opus), '904f707573' + hexOf(opus.description)],
  ['MP3 has none', configBody(mp3('fffb9064')), ''],
  ['VP8 has none', configBody(vp8), ''],
])('sequence header: %s', (_, actual, expected) => {
  expect(actual).toBe(expected)
})

const late = { pts: 120_000, dts: 40_000, keyframe: false }

test.each<[string, string, string]>([
  ['H.264 key', frameBody(frame(h264, ['6588', '06'])), '1701000000' + '000000026588' + '0000000106'],
  ['H.264 inter, 80 ms ahead', frameBody(frame(h264, ['41'], late)), '2701000050' + '0000000141'],
  ['H.264 with 2-byte lengths', frameBody(frame({ ...h264, nalLengthSize: 2 }, ['41'])), '1701000000' + '000141'],
  ['enhanced H.264, CodedFramesX', frameBody(frame(enhanced(h264), ['41'])), '9361766331' + '0000000141'],
  [
    'enhanced H.264, CodedFrames',
    frameBody(frame(enhanced(h264), ['41'], late)),
    'a161766331' + '000050' + '0000000141',
  ],
  ['H.265', frameBody(frame(h265, ['2601'], late)), '2c01000050' + '000000022601'],
  ['H.265 rewritten', frameBody(frame(h265, ['2601'], late), 'enhanced'), 'a168766331' + '000050' + '000000022601'],
  ['VP8', frameBody(frame(vp8, ['b10600'], late)), 'a176703038' + 'b10600'],
  ['AAC', frameBody(frame(aac, ['01180007'])), 'af01' + '01180007'],
  ['enhanced AAC', frameBody(frame(enhanced(aac), ['01180007'])), '916d703461' + '01180007'],
  ['Opus', frameBody(frame(opus, ['fc'])), '914f707573' + 'fc'],
  ['MP3 44.1 kHz stereo', frameBody(frame(mp3('fffb9064'), ['fffb'])), '2ffffb'],
  ['MP3 22.05 kHz mono', frameBody(frame(mp3('fff390c4'), ['fff3'])), '2afff3'],
  ['MP3 8 kHz mono', frameBody(frame(mp3('ffe398c4'), ['ffe3'])), 'e2ffe3'],
  ['MP3 48 kHz stereo', frameBody(frame(mp3('fffb9464'), ['fffb'])), '2ffffb'],
  ['enhanced MP3', frameBody(frame(enhanced(mp3('fffb9064')), ['fffb'])), '912e6d7033' + 'fffb'],
])('frame: %s', (_, actual, expected) => {
  expect(actual).toBe(expected)
})

test('timestamp plus composition time is the rounded pts', () => {
  for (let dts = 0; dts < 3000; dts += 333) {
    for (let ahead = -2000; ahead < 3000; ahead += 333) {
      const body = bytesOf(frameBody(frame(h264, ['41'], { dts, pts: dts + ahead })))
      const compositionTime = ((body[2]! << 24) | (body[3]! << 16) | (body[4]! << 8)) >> 8
      expect(flvTimestampMs(dts) + compositionTime).toBe(flvTimestampMs(dts + ahead))
    }
  }
})

test('a composition time beyond 24 bits is cut, not wrapped', () => {
  expect(frameBody(frame(h264, ['41'], { pts: 9e9 }))).toBe('17017fffff' + '0000000141')
  expect(frameBody(frame(h264, ['41'], { dts: 9e9 }))).toBe('1701800000' + '0000000141')
})

test('codecs with a legacy id are sent in it', () => {
  expect([h264, h265, aac, mp3('fffb9064')].every(isLegacyWritable)).toBe(true)
  expect([vp8, opus].some(isLegacyWritable)).toBe(false)
})
