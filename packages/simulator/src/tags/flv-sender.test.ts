import { ChunkReader, DEFAULT_RTMP_LIMITS } from '@crossroom/rtmp'
import { isVideoFrame, type MediaFrame } from '@crossroom/media'
import { beforeAll, expect, test } from 'vitest'

import { loadLibrary, type Library } from '../codec/library.js'
import { PictureEncoder } from '../codec/picture-encoder.js'
import { ToneEncoder } from '../codec/tone-encoder.js'
import { FlvSender } from './flv-sender.js'
import { FakeConnection } from './tag.fake.js'

const AUDIO = 8
const VIDEO = 9
let library: Library
beforeAll(async () => {
  library = await loadLibrary()
})

/** Sound and a picture, twice. A picture takes many chunks: noise does not compress. */
function soundsAndPictures(): MediaFrame[] {
  const frames: MediaFrame[] = []
  const handle = (frame: MediaFrame): void => void frames.push(frame)
  const tone = new ToneEncoder(library, { sampleRate: 16_000, pitch: 440, handle })
  const picture = new PictureEncoder(library, { width: 64, height: 64, frameRate: 5, bitrate: 500_000, handle })
  for (const micros of [200_000, 400_000]) {
    tone.encodeUntil(micros, true)
    picture.encode(micros, true, ({ bytes }) => bytes.forEach((_, index) => (bytes[index] = (index * 7919) % 251)))
  }
  tone.close()
  picture.close()
  return frames
}

function sendAll(interleavedAudio: boolean): { readonly connection: FakeConnection; readonly frames: MediaFrame[] } {
  const connection = new FakeConnection('rtmp://room.test/r/t', { ...never })
  const sender = new FlvSender(connection, { interleavedAudio })
  const frames = soundsAndPictures()
  for (const frame of frames) sender.send(frame)
  return { connection, frames }
}

const never = {
  connected: () => undefined,
  agreed: () => undefined,
  media: () => undefined,
  closed: () => undefined,
}

test('with interleavedAudio a whole message of sound stands behind the first chunk of a picture', () => {
  const { connection, frames } = sendAll(true)
  const complete: [number, number][] = []
  const reader = new ChunkReader(DEFAULT_RTMP_LIMITS, {
    onMessage: (type, _streamId, _timestamp, { length }) => complete.push([type, length]),
  })
  const [, picture] = frames.filter(isVideoFrame)
  const bytes = picture!.units.reduce((sum, unit) => sum + unit.length, 0)
  expect(bytes).toBeGreaterThan(4 * connection.chunks.size)
  const after = connection.pieces.map((piece) => {
    reader.read(piece)
    return complete.map(([type]) => type)
  })
  expect(after).toEqual([[], [AUDIO], [AUDIO, VIDEO]])
  expect(complete[1]![1]).toBeGreaterThanOrEqual(bytes)
})

test('every message is whole before the next one otherwise', () => {
  const { connection, frames } = sendAll(false)
  expect(connection.pieces).toEqual([])
  const media = connection.sent.filter(({ type, body }) =>
    type === VIDEO ? body[1] === 1 : type === AUDIO && body[1] === 1,
  )
  expect(media).toHaveLength(frames.length)
})

test('no sound is lost between pictures', () => {
  const { connection, frames } = sendAll(true)
  const sounds = connection.sent.filter(({ type, body }) => type === AUDIO && body[1] === 1)
  expect(sounds.length + 1).toBe(frames.filter((frame) => !isVideoFrame(frame)).length)
})
