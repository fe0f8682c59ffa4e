import { DEFAULT_RTMP_LIMITS } from '../limits.js'
import { MessageType } from '../message/message-type.js'
import { encodeControlValue } from '../message/protocol-control.js'
import { ChunkReader } from './chunk-reader.js'
import { writeMessageChunks } from './chunk-writer.js'

/** One figure of a benchmark. */
export interface BenchResult {
  readonly name: string
  readonly value: number
  readonly unit: string
}

const MiB = 1024 * 1024
const STREAM_LENGTH = 8 * MiB
const ROUNDS = 16
/** A socket read of Node delivers at most this. */
const LARGEST_READ = 64 * 1024
/** Bytes of a keyframe, of the other frames, and of AAC at 1 Mbit/s, 25 frames a second and 2 s between keyframes. */
const KEYFRAME = 40_000
const FRAME = 4_200
const SOUND = 170

/** Megabytes per second that `ChunkReader` parses, the input cut at random places as TCP does. */
export function run(): BenchResult[] {
  return [4096, 128].map((chunkSize) => {
    const pieces = cutAtRandom(publisherBytes(chunkSize))
    parse(pieces)
    let best = 0
    for (let round = 0; round < ROUNDS; round++) best = Math.max(best, parse(pieces))
    return { name: `rtmp chunk reader, chunk size ${chunkSize}`, value: Math.round(best), unit: 'MB/s' }
  })
}

function parse(pieces: readonly Uint8Array[]): number {
  let messages = 0
  const reader = new ChunkReader(DEFAULT_RTMP_LIMITS, { onMessage: () => (messages += 1) })
  reader.authorised()
  const startedAt = performance.now()
  for (const piece of pieces) {
    const error = reader.read(piece)
    if (error !== undefined) throw error
  }
  const seconds = (performance.now() - startedAt) / 1000
  if (messages === 0) throw new Error('nothing was parsed')
  return STREAM_LENGTH / 1e6 / seconds
}

function publisherBytes(chunkSize: number): Uint8Array {
  const out = new Uint8Array(STREAM_LENGTH + 2 * KEYFRAME)
  const control = { chunkStreamId: 2, timestampMs: 0, messageType: MessageType.setChunkSize, messageStreamId: 0 }
  let offset = writeMessageChunks(control, encodeControlValue(chunkSize), 128, out, 0)
  const video = new Uint8Array(KEYFRAME).fill(0x55)
  for (let frame = 0; offset < STREAM_LENGTH; frame++) {
    const timestampMs = frame * 40
    const picture = video.subarray(0, frame % 50 === 0 ? KEYFRAME : FRAME)
    const header = { chunkStreamId: 6, timestampMs, messageType: MessageType.video, messageStreamId: 1 }
    offset = writeMessageChunks(header, picture, chunkSize, out, offset)
    const sound = { chunkStreamId: 4, timestampMs, messageType: MessageType.audio, messageStreamId: 1 }
    for (let count = 0; count < 2; count++) {
      offset = writeMessageChunks(sound, video.subarray(0, SOUND), chunkSize, out, offset)
    }
  }
  return out.subarray(0, offset)
}

/** Lengths from a linear congruential generator: 1 byte to a full read, short ones as likely as long ones. */
function cutAtRandom(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let state = 1
  for (let offset = 0; offset < bytes.length;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const length = Math.ceil(Math.min(1460 * 2 ** ((state >>> 16) % 6), LARGEST_READ) * ((state >>> 8) / 2 ** 24))
    pieces.push(bytes.slice(offset, offset + length))
    offset += length
  }
  return pieces
}
