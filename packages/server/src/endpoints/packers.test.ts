import { readFileSync } from 'node:fs'
import {
  FlvStreamReader,
  FlvTagReader,
  parseMetadataBody,
  type FlvTag,
  type MediaFrame,
  type VideoConfig,
  type VideoFrame,
} from '@crossroom/media'
import { ChunkReader, DEFAULT_RTMP_LIMITS } from '@crossroom/rtmp'
import { expect, test } from 'vitest'
import { baseMsFor, packBatch, packConfig } from '../hub/batch.js'
import type { Packer } from '../hub/index.js'
import { FlvPacker } from './http-flv/flv-packer.js'
import { RtmpPacker } from './rtmp/play/rtmp-packer.js'

const file = readFileSync(new URL('../../../../test/fixtures/media/h264-bframes-aac.flv', import.meta.url))

function readFile(bytes: Uint8Array): FlvTag[] {
  const reader = new FlvStreamReader()
  reader.handleInput(bytes)
  const tags: FlvTag[] = []
  for (let tag = reader.pollTag(); tag !== undefined; tag = reader.pollTag()) tags.push(tag)
  return tags
}

function framesOf(tags: readonly FlvTag[]): MediaFrame[] {
  const reader = new FlvTagReader()
  const frames: MediaFrame[] = []
  for (const tag of tags) reader.readTag(tag.type, tag.timestampMs, tag.body, 0, frames)
  return frames
}

const source = readFile(file)
const frames = framesOf(source)
/** Without metadata and without the end of the sequence, which a stream does not have. */
const media = source.filter((tag) => tag.type !== 18 && !(tag.type === 9 && tag.body[1] === 2))
const body = ({ type, body: bytes }: FlvTag): string => `${String(type)} ${Buffer.from(bytes).toString('hex')}`

/** What a player reads of chunks that were packed with this chunk size. */
function readChunks(bytes: Uint8Array, chunkSize: number): FlvTag[] {
  const tags: FlvTag[] = []
  const reader = new ChunkReader(DEFAULT_RTMP_LIMITS, {
    onMessage: (type, _streamId, timestampMs, payload) =>
      void tags.push({ type, timestampMs, body: Uint8Array.from(payload) }),
  })
  reader.authorised()
  const announce = new Uint8Array([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, chunkSize >> 8, chunkSize & 255])
  expect(reader.read(announce)).toBeUndefined()
  expect(reader.read(bytes)).toBeUndefined()
  return tags.filter((tag) => tag.type !== 1)
}

const FLV_HEADER = file.subarray(0, 13)
const packers: [string, Packer, (bytes: Uint8Array) => FlvTag[]][] = [
  ['FLV', new FlvPacker(), (bytes) => readFile(Buffer.concat([FLV_HEADER, bytes]))],
  ['RTMP, chunks of 4096', new RtmpPacker(1, 4096), (bytes) => readChunks(bytes, 4096)],
  ['RTMP, chunks of 128', new RtmpPacker(1, 128), (bytes) => readChunks(bytes, 128)],
]

test.each(packers)('%s: configurations before frames, bodies byte for byte as they came', (_name, packer, read) => {
  const batch = packBatch(packer, frames, {}, 0)
  expect(read(batch.bytes).map(body).sort()).toEqual(media.map(body).sort())
  expect(batch.hasKeyframe).toBe(true)
})

test.each(packers)('%s: the view of a frame is that frame without its configuration', (_name, packer, read) => {
  const batch = packBatch(packer, frames, {}, 0)
  const configs = new Set(frames.map((frame) => frame.config)).size
  expect(read(batch.bytes)).toHaveLength(frames.length + configs)
  for (const packed of batch.frames) expect(read(packed.bytes)).toHaveLength(1)
  const config = packConfig(packer, frames[0]!.config, 7, {})
  expect(read(config).map((tag) => tag.timestampMs)).toEqual([7])
})

test.each([0xffffff, 0x1000000, 2 ** 31, 2 ** 32 - 1])('time stamps around %d ms are written whole', (ms) => {
  const frame = { ...frames[0]!, dts: ms * 1000, pts: ms * 1000 }
  for (const [, packer, read] of packers) {
    const { bytes } = packBatch(packer, [frame], { video: frame.config as VideoConfig }, 0)
    expect(read(bytes).map((tag) => tag.timestampMs)).toEqual([ms])
  }
})

test('a viewer’s time begins with the earliest frame it is handed: what comes later moves no picture', () => {
  const [sound, picture] = ['audio', 'video'].map((kind) => frames.find(({ config }) => config.kind === kind)!)
  const at = (frame: MediaFrame, ms: number): MediaFrame => ({ ...frame, dts: ms * 1000, pts: ms * 1000 })
  const stampsOf = (baseMs: number | undefined, sent: MediaFrame[]) =>
    readFile(Buffer.concat([FLV_HEADER, packBatch(new FlvPacker(), sent, {}, baseMsFor(baseMs, sent)!).bytes])).map(
      (tag) => tag.timestampMs,
    )
  expect(stampsOf(undefined, [at(picture!, 523), at(sound!, 500), at(sound!, 523)])).toEqual([23, 23, 0, 0, 23])
  // What was sent keeps its distance from what follows.
  expect(stampsOf(500, [at(sound!, 480), at(sound!, 503)])).toEqual([3, 3])
  expect(stampsOf(500, [at(sound!, 503), at(picture!, 490)])).toEqual([13, 13, 0, 0])
  expect(stampsOf(500, [at(sound!, 380), at(sound!, 503)])).toEqual([3, 3])
})

test.each(packers)(
  '%s: a picture that is turned in mid-stream, and turned back, is told before its configuration',
  (_name, packer, read) => {
    const isVideo = (frame: MediaFrame): frame is VideoFrame => frame.config.kind === 'video'
    const [keyframe] = frames.filter(isVideo) as [VideoFrame]
    const turned = { ...keyframe, config: { ...keyframe.config, orientation: 90 as const } }
    const back = { ...keyframe, config: { ...keyframe.config } }
    const { bytes } = packBatch(packer, [keyframe, turned, back], {}, 0)
    const tags = read(bytes)
    expect(tags.map(({ type }) => type)).toEqual([9, 9, 18, 9, 9, 18, 9, 9])
    const told = tags.filter(({ type }) => type === 18).map((tag) => parseMetadataBody(tag.body)?.orientation)
    expect(told).toEqual([90, 0])
    expect(read(packConfig(packer, turned.config, 7, { video: keyframe.config })).map(({ type }) => type)).toEqual([
      18, 9,
    ])
    expect(framesOf(tags).map(({ config }) => config.kind === 'video' && config.orientation)).toEqual([0, 90, 0])
  },
)
