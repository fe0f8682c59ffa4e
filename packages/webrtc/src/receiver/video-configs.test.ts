import { readFileSync } from 'node:fs'
import {
  FlvStreamReader,
  FlvTagReader,
  isVideoFrame,
  parseObus,
  type MediaFrame,
  type VideoFrame,
} from '@crossroom/media'
import { expect, test } from 'vitest'
import { Av1Depacketizer } from '../depacketizer/av1.js'
import { bytesFromHex } from '../rtp/rtp.fake.js'
import { createVideoConfigs } from './video-configs.js'

/** The video frames of a fixture (origin: test/fixtures/media/README.md). */
function framesOf(name: string): VideoFrame[] {
  const frames: MediaFrame[] = []
  const reader = new FlvTagReader()
  const stream = new FlvStreamReader()
  stream.handleInput(new Uint8Array(readFileSync(new URL(`../../../../test/fixtures/media/${name}`, import.meta.url))))
  for (let tag = stream.pollTag(); tag !== undefined; tag = stream.pollTag()) {
    reader.readTag(tag.type, tag.timestampMs, tag.body, 0, frames)
  }
  return frames.filter(isVideoFrame)
}

/** leb128 of a number below 2^14. */
const leb128 = (value: number) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7])

/** A temporal unit as a browser packs it: OBUs without their sizes, each element behind its length, cut at `size` bytes. */
function packAv1(unit: Uint8Array, size: number): Uint8Array[] {
  const elements = parseObus(unit)!.map(({ type, start, end }) =>
    Uint8Array.of(type << 3, ...unit.subarray(start, end)),
  )
  const packets: Uint8Array[] = []
  for (const element of elements) {
    for (let from = 0; from < element.length; from += size) {
      const part = element.subarray(from, from + size)
      const flags = (from > 0 ? 0x80 : 0) | (from + size < element.length ? 0x40 : 0)
      packets.push(Uint8Array.of(flags, ...leb128(part.length), ...part))
    }
  }
  return packets
}

test('AV1 of a real encoder survives packets of any size, and its keyframes tell the config', () => {
  const frames = framesOf('enhanced-av1-opus.flv')
  for (const size of [7, 50, 1100]) {
    const depacketizer = new Av1Depacketizer()
    const configs = createVideoConfigs('av1')
    const received = frames.map((frame) => {
      for (const packet of packAv1(frame.units[0]!, size)) expect(depacketizer.push(packet)).toBe(true)
      const { units, keyframe } = depacketizer.finish()!
      expect(Buffer.compare(units[0]!, frame.units[0]!)).toBe(0)
      expect(keyframe).toBe(frame.keyframe)
      return configs.configure(units, keyframe, 0)!
    })
    expect(received[0]!.config).toMatchObject({ codec: 'av1', width: 160, height: 120 })
    expect(received[0]!.config.codecString).toBe(frames[0]!.config.codecString)
    expect(new Set(received.map(({ config }) => config)).size).toBe(1)
  }
})

test('VP9 of a real encoder: the keyframe tells the size, which the record does not', () => {
  const frames = framesOf('enhanced-vp9.flv')
  const configs = createVideoConfigs('vp9')
  const received = frames.map((frame) => configs.configure(frame.units, frame.keyframe, 0)!)
  expect(received[0]!.config).toMatchObject({ codec: 'vp9', width: 160, height: 120, reorderFrames: 0 })
  expect(new Set(received.map(({ config }) => config)).size).toBe(1)
})

test('H.265 of a real encoder: parameter sets move from the frames to the config', () => {
  const frames = framesOf('enhanced-hevc-aac.flv')
  const configs = createVideoConfigs('h265')
  const [first] = frames
  const units = [...first!.config.parameterSets, ...first!.units]
  const received = configs.configure(units, true, 0)!
  expect(received.config).toMatchObject({ codec: 'h265', width: 160, height: 120 })
  expect(received.config.parameterSets).toEqual(first!.config.parameterSets)
  expect(received.units.length).toBeLessThan(units.length)
})

const sps = bytesFromHex('6742c00cd901419f9f011000000300100000030320f142a480')
const pps = bytesFromHex('68cb83cb20')
const idr = bytesFromHex('658884aa')

test('H.264: no picture before its parameter sets, and a new config only for new ones', () => {
  const configs = createVideoConfigs('h264')
  expect(configs.configure([idr], true, 0)).toBeUndefined()
  const first = configs.configure([bytesFromHex('09f0'), sps, pps, idr], true, 0)!
  expect(first.units).toEqual([idr])
  expect(configs.configure([sps, pps, idr], true, 0)!.config).toBe(first.config)
  expect(configs.configure([sps, pps], false, 0)).toBeUndefined()
  const otherPps = bytesFromHex('68cb83cb28')
  const second = configs.configure([otherPps, idr], true, 0)!
  expect(second.config).not.toBe(first.config)
  expect(second.config.parameterSets).toContainEqual(otherPps)
})

test('H.264: new parameter sets inside a GOP stay in band, and are in the config from the next keyframe on', () => {
  const configs = createVideoConfigs('h264')
  const first = configs.configure([sps, pps, idr], true, 0)!
  const added = bytesFromHex('684b')
  const inter = bytesFromHex('419a22')
  expect(configs.configure([added, inter], false, 0)).toEqual({ config: first.config, units: [added, inter] })
  expect(configs.configure([added, inter], false, 0)).toEqual({ config: first.config, units: [inter] })
  const next = configs.configure([idr], true, 0)!
  expect(next.config.parameterSets).toContainEqual(added)
  expect(next.units).toEqual([idr])
})

test('VP8: the size of keyframes, and a turned picture, make new configs', () => {
  const configs = createVideoConfigs('vp8')
  const keyframe = (width: number) => Uint8Array.of(0x50, 1, 0, 0x9d, 1, 0x2a, width & 0xff, width >> 8, 180, 0)
  expect(configs.configure([Uint8Array.of(0x31, 1, 0)], false, 0)).toBeUndefined()
  const first = configs.configure([keyframe(320)], true, 0)!
  expect(first.config).toMatchObject({ width: 320, height: 180 })
  expect(configs.configure([keyframe(320)], true, 0)!.config).toBe(first.config)
  expect(configs.configure([keyframe(640)], true, 0)!.config.width).toBe(640)
  expect(configs.configure([Uint8Array.of(0x31, 1, 0)], false, 180)!.config.orientation).toBe(0)
  expect(configs.configure([keyframe(640)], true, 180)!.config.orientation).toBe(180)
})
