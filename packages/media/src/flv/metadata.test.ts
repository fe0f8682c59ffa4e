import { expect, test } from 'vitest'
import { silentAacConfig } from '../aac/silence.js'
import { parseAmf0Values } from '../amf0/reader.js'
import { EcmaArray } from '../amf0/value.js'
import { encodeAmf0Values } from '../amf0/writer.js'
import { bytesOf } from '../bytes/hex.fake.js'
import { videoConfigFromAvcRecord } from '../h264/config.js'
import { avcRecordCases } from '../h264/sps.cases.js'
import { audioConfigFromOpusHead, buildOpusHead } from '../opus/opus-head.js'
import { buildMetadataBody, type MetadataContent, parseMetadataBody } from './metadata.js'

const video = videoConfigFromAvcRecord(bytesOf(avcRecordCases[0].hex), { frameRate: 25, bitrate: 1_000_000 })!
const audio = silentAacConfig(44100, 2)
const opus = audioConfigFromOpusHead(buildOpusHead({ channels: 1, preSkip: 0, inputSampleRate: 48000 }))!

function propertiesOf(content: MetadataContent) {
  const values = parseAmf0Values(buildMetadataBody(content))
  expect(values?.[0]).toBe('onMetaData')
  expect(values?.[1]).toBeInstanceOf(EcmaArray)
  return { ...(values![1] as EcmaArray).properties }
}

test('onMetaData of H.264 and AAC', () => {
  expect(propertiesOf({ video, audio, encoder: 'Crossroom' })).toEqual({
    duration: 0,
    width: 320,
    height: 180,
    framerate: 25,
    videocodecid: 7,
    videodatarate: 1000,
    audiocodecid: 10,
    audiodatarate: 32,
    audiosamplerate: 44100,
    audiosamplesize: 16,
    stereo: true,
    encoder: 'Crossroom',
  })
})

test('audiodatarate is never 0: the player of WeChat hangs at it', () => {
  for (const config of [audio, { ...audio, channels: 1 }, opus]) {
    const { bitrate: _, ...unknown } = config
    expect(propertiesOf({ audio: unknown })['audiodatarate']).toBeGreaterThan(0)
  }
})

test('absent tracks and unknown properties are not described', () => {
  const { frameRate: _, ...unknown } = video
  expect(Object.keys(propertiesOf({ audio }))).not.toContain('width')
  expect(Object.keys(propertiesOf({ video: unknown }))).not.toContain('audiocodecid')
  expect(Object.keys(propertiesOf({ video: { ...unknown, width: 0, height: 0 } }))).toEqual([
    'duration',
    'videocodecid',
    'videodatarate',
  ])
})

test('codec ids follow the spelling', () => {
  const h265 = { ...video, codec: 'h265' as const }
  expect(propertiesOf({ video: h265 })['videocodecid']).toBe(12)
  expect(propertiesOf({ video: h265, spelling: 'enhanced' })['videocodecid']).toBe(0x68766331)
  expect(propertiesOf({ audio: opus })['audiocodecid']).toBe(0x4f707573)
})

const script = (...values: Parameters<typeof encodeAmf0Values>[0]) => encodeAmf0Values(values)

test.each([
  ['an ECMA array', script('onMetaData', new EcmaArray({ framerate: 15, videodatarate: 800, encoder: 'obs' }))],
  ['an object', script('onMetaData', { framerate: 15, videodatarate: 800, encoder: 'obs' })],
  ['behind @setDataFrame', script('@setDataFrame', 'onMetaData', { fps: 15, videodatarate: 800, encoder: 'obs' })],
])('read from %s', (_, body) => {
  expect(parseMetadataBody(body)).toEqual({ frameRate: 15, videoBitrate: 800_000, encoder: 'obs' })
})

test('zero, absurd and wrongly typed values are treated as absent', () => {
  const lies = { framerate: 0, width: -1, height: Infinity, videodatarate: '800', audiodatarate: NaN, encoder: 7 }
  expect(parseMetadataBody(script('onMetaData', lies))).toEqual({})
  expect(parseMetadataBody(script('onMetaData', 'text'))).toEqual({})
  expect(parseMetadataBody(script('onTextData', { framerate: 25 }))).toEqual({})
  expect(parseMetadataBody(bytesOf('02ffff'))).toBeUndefined()
})

test('rotation is said where the picture is turned, or was', () => {
  expect(propertiesOf({ video })).not.toHaveProperty('rotation')
  expect(propertiesOf({ video, saysUpright: true })['rotation']).toBe(0)
  const turned = buildMetadataBody({ video: { ...video, orientation: 270 } })
  expect(parseMetadataBody(turned)?.orientation).toBe(270)
  expect(parseMetadataBody(script('onMetaData', { rotation: 45 }))).toEqual({})
})
