import { expect, test } from 'vitest'
import type { MediaFrame } from '../model/frame.js'
import { aac, h264, pictureOf, soundOf } from '../wire/wire.fake.js'
import { readBox, readBoxes, readFragmentTracks, readTimescales } from './box-reader.js'
import { Fragmenter } from './fragmenter.js'
import { initSegment } from './init-segment.js'
import { isMp4Writable } from './sample-entry.js'

const MS = 1000
const AAC_FRAME = 1024 / 48 // ms
const tracks = { video: h264, audio: aac }
const picture = (ms: number, keyframe = false) => pictureOf(ms * MS, [new Uint8Array(10)], keyframe)
const sound = (ms: number) => soundOf(Math.round(ms * MS))

test('an init segment names its tracks and their ticks', () => {
  const init = initSegment(tracks)
  const boxes = readBoxes(init)!
  expect(boxes.map(({ type }) => type)).toEqual(['ftyp', 'moov'])
  expect(readTimescales(init.subarray(boxes[1]!.start, boxes[1]!.end))).toEqual(
    new Map([
      [1, 90_000],
      [2, 48_000],
    ]),
  )
})

test('a track keeps its own start, counted from the earliest frame', () => {
  const { tracks: read } = cutOf([sound(1000), sound(1000 + AAC_FRAME), picture(1300, true), picture(1340)])
  expect(read[0]).toMatchObject({ trackId: 1, baseDecodeTime: 300 * 90, samples: 2 })
  expect(read[1]).toMatchObject({ trackId: 2, baseDecodeTime: 0, samples: 2 })
})

test('the next frame tells how long the last picture lasts, and fragments join without a gap', () => {
  const fragmenter = new Fragmenter(tracks)
  fragmenter.push(picture(0, true))
  const first = fragmenter.cut(picture(70))!
  fragmenter.push(picture(70))
  const second = fragmenter.cut()!
  expect(tracksOf(first.bytes)[0]).toMatchObject({ baseDecodeTime: 0, duration: 70 * 90 })
  expect(tracksOf(second.bytes)[0]).toMatchObject({ baseDecodeTime: 70 * 90, duration: 70 * 90 })
  expect([first.end, second.start]).toEqual([70 * MS, 70 * MS])
  expect([first.independent, second.independent]).toEqual([true, false])
})

test('thousands of cuts let no rounding grow', () => {
  const fragmenter = new Fragmenter({ audio: aac })
  let end = 0
  for (let index = 0; index < 5000; index++) {
    fragmenter.push(sound(index * AAC_FRAME))
    const [track] = tracksOf(fragmenter.cut()!.bytes)
    expect(Math.abs(track!.baseDecodeTime - end)).toBeLessThanOrEqual(1)
    end = track!.baseDecodeTime + track!.duration
  }
})

test('a jump of the timestamps is a gap between fragments, never one long picture', () => {
  const hours = 3 * 3600 * 1000
  const fragmenter = new Fragmenter({ video: h264 })
  for (const frame of [picture(0, true), picture(40), picture(hours, true)]) fragmenter.push(frame)
  const { bytes } = fragmenter.cut(picture(2 * hours))!
  const read = moofsOf(bytes).flatMap((moof) => readFragmentTracks(moof)!)
  expect(read.map(({ duration }) => duration)).toEqual([80 * 90, 10 * 90_000])
  expect(read[1]!.baseDecodeTime).toBe(hours * 90)
})

test('decode times increase whatever the timestamps do', () => {
  const { tracks: read } = cutOf([picture(100, true), picture(60), picture(140)])
  expect(read[0]!.duration).toBeGreaterThan(0)
  expect(read[0]!.samples).toBe(3)
})

test('another size needs another file, another object of the same config does not', () => {
  const fragmenter = new Fragmenter({ video: h264 })
  expect(fragmenter.accepts({ ...picture(0), config: { ...h264 } })).toBe(true)
  expect(fragmenter.accepts({ ...picture(0), config: { ...h264, width: 1280 } })).toBe(false)
  expect(fragmenter.accepts(sound(0))).toBe(false)
  expect(fragmenter.cut()).toBeUndefined()
})

test('only the sounds of old FLV files have no place', () => {
  expect([h264, aac].every(isMp4Writable)).toBe(true)
  expect(isMp4Writable({ ...aac, codec: 'speex' })).toBe(false)
})

test('boxes that say more than there is are none', () => {
  expect(readBox(Uint8Array.of(0, 0, 0, 4, 1, 1, 1, 1), 0)).toBeUndefined()
  expect(readBoxes(Uint8Array.of(0, 0, 0, 9, 1, 1, 1, 1))).toBeUndefined()
  expect(readFragmentTracks(Uint8Array.of(0, 0, 0, 8, 0x6d, 0x6f, 0x6f, 0x66))).toBeUndefined()
})

function cutOf(frames: readonly MediaFrame[]) {
  const fragmenter = new Fragmenter(tracks)
  for (const frame of frames) fragmenter.push(frame)
  const fragment = fragmenter.cut()!
  return { fragment, tracks: tracksOf(fragment.bytes) }
}

function moofsOf(bytes: Uint8Array): Uint8Array[] {
  const places = readBoxes(bytes)!.filter(({ type }) => type === 'moof')
  return places.map(({ start, end }) => bytes.subarray(start, end))
}

function tracksOf(bytes: Uint8Array) {
  return readFragmentTracks(moofsOf(bytes)[0]!)!
}
