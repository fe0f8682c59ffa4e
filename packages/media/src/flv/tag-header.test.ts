import { expect, test } from 'vitest'
import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { AudioTagHeader } from './audio-tag-header.js'
import { exAudioCases, exVideoCases, malformedExVideo } from './ex-tags.cases.js'
import { VideoTagHeader } from './video-tag-header.js'

/** What a case says; the fields that are absent are not compared. */
interface Case {
  readonly hex: string
  readonly kind: string
  readonly data?: string
  readonly time?: number
  readonly others?: number
}

/** Left over from an earlier tag: every field must be filled again. */
const video = new VideoTagHeader()
const audio = new AudioTagHeader()

test.each(exVideoCases)('enhanced video: $name', (row: Case) => {
  const body = bytesOf(row.hex)
  expect(video.parse(body)).toBe(true)
  expect(video).toMatchObject({ kind: row.kind, spelling: 'enhanced', otherTracks: row.others ?? 0 })
  if (row.data !== undefined) expect(hexOf(body.subarray(video.offset, video.end))).toBe(hexOf(bytesOf(row.data)))
  if (row.time !== undefined) expect(video.compositionTimeMs).toBe(row.time)
})

test.each(malformedExVideo)('enhanced video refused: $name', ({ hex }) => {
  expect(video.parse(bytesOf(hex))).toBe(false)
})

test.each(exAudioCases)('enhanced audio: $name', (row: Case) => {
  const body = bytesOf(row.hex)
  expect(audio.parse(body)).toBe(true)
  expect(audio).toMatchObject({ kind: row.kind, spelling: 'enhanced', otherTracks: row.others ?? 0 })
  if (row.data !== undefined) expect(hexOf(body.subarray(audio.offset, audio.end))).toBe(row.data)
})

test.each([
  ['H.264 key frame', '17 01 000050 00', { kind: 'frames', codec: 'h264', isKey: true, compositionTimeMs: 80 }],
  ['H.264 inter frame', '27 01 ffffd8 00', { kind: 'frames', codec: 'h264', isKey: false, compositionTimeMs: -40 }],
  ['disposable inter frame', '37 01 000000 00', { kind: 'frames', codec: 'h264', isKey: false }],
  ['H.265, id 12', '1c 00 000000 01', { kind: 'sequenceStart', codec: 'h265', spelling: 'legacy' }],
  ['end of sequence', '17 02 000000', { kind: 'sequenceEnd', codec: 'h264' }],
  ['end of sequence in two bytes', '17 02', { kind: 'sequenceEnd' }],
  ['command frame', '57 00', { kind: 'nothing' }],
  ['Sorenson H.263', '12 00', { kind: 'unsupported' }],
])('legacy video: %s', (_, hex, expected) => {
  expect(video.parse(bytesOf(hex))).toBe(true)
  expect(video).toMatchObject(expected)
})

test.each([
  ['AVC packet type 3', '17 03 000000 00'],
  ['AVC packet type 255', '17 ff 000000 00'],
  ['composition time cut short', '17 01 0000'],
  ['one byte', '17'],
])('legacy video refused: %s', (_, hex) => {
  expect(video.parse(bytesOf(hex))).toBe(false)
})

test.each([
  ['AAC sequence header', 'af 00 1188', true, { kind: 'sequenceStart', codec: 'aac', offset: 2 }],
  ['AAC frame', 'af 01 21', true, { kind: 'frames', codec: 'aac', offset: 2, spelling: 'legacy' }],
  ['MP3', '2f fffb', true, { kind: 'frames', codec: 'mp3', offset: 1 }],
  ['MP3 at 8 kHz', 'ee fffb', true, { kind: 'frames', codec: 'mp3' }],
  ['Speex', 'b2 00', true, { kind: 'frames', codec: 'speex' }],
  ['G.711 A-law', '72 d5', true, { kind: 'frames', codec: 'pcma' }],
  ['device-specific sound', 'f2 00', true, { kind: 'unsupported' }],
  ['AAC packet type 2', 'af 02', false, {}],
  ['AAC in one byte', 'af', false, {}],
])('legacy audio: %s', (_, hex, accepted, expected) => {
  expect(audio.parse(bytesOf(hex))).toBe(accepted)
  expect(audio).toMatchObject(expected)
})
