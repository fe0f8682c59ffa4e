// Speed of the RTMP chunk reader and of the FLV muxer on the bytes of the 1 Mbit/s stream.
import { FlvTagReader } from '@crossroom/media'
import { ChunkReader, DEFAULT_RTMP_LIMITS, writeMessageChunks } from '@crossroom/rtmp'
import { FlvPacker } from '../../packages/server/dist/endpoints/http-flv/flv-packer.js'
import { packBatch } from '../../packages/server/dist/hub/batch.js'
import { loadSource } from '../lib/source.mjs'
import { serve } from '../lib/worker.mjs'

const ROUNDS = 12
/** A socket read of Node delivers at most this. */
const LARGEST_READ = 64 * 1024
const SEGMENT = 1460
const SET_CHUNK_SIZE = 1
const source = loadSource()

/** What a publisher sends in 16 s, and how many chunks that is. */
function publisherBytes(chunkSize) {
  const out = new Uint8Array(8 * 1024 * 1024)
  const control = { chunkStreamId: 2, timestampMs: 0, messageType: SET_CHUNK_SIZE, messageStreamId: 0 }
  const body = new Uint8Array(4)
  new DataView(body.buffer).setUint32(0, chunkSize)
  let length = writeMessageChunks(control, body, 128, out, 0)
  let chunks = 1
  for (const tag of source.frames) {
    const chunkStreamId = tag.type === 9 ? 6 : 4
    const header = { chunkStreamId, timestampMs: tag.timestampMs, messageType: tag.type, messageStreamId: 1 }
    length = writeMessageChunks(header, tag.body, chunkSize, out, length)
    chunks += Math.ceil(tag.body.length / chunkSize)
  }
  return { bytes: out.subarray(0, length), chunks }
}

/** Lengths from a linear congruential generator: 1 byte to a full read, short ones as likely as long ones. */
function cutAtRandom(bytes) {
  const pieces = []
  let state = 1
  for (let offset = 0; offset < bytes.length;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const longest = Math.min(SEGMENT * 2 ** ((state >>> 16) % 6), LARGEST_READ)
    const length = Math.ceil(longest * ((state >>> 8) / 2 ** 24))
    pieces.push(bytes.slice(offset, offset + length))
    offset += length
  }
  return pieces
}

function parse(pieces) {
  let messages = 0
  const reader = new ChunkReader(DEFAULT_RTMP_LIMITS, { onMessage: () => messages++ })
  reader.authorised()
  for (const piece of pieces) {
    const error = reader.read(piece)
    if (error !== undefined) throw error
  }
  if (messages !== source.frames.length) throw new Error(`${messages} of ${source.frames.length} messages were read`)
}

/** Megabytes per second of the best of some rounds: the others were disturbed. */
function speedOf(bytes, work) {
  let best = 0
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now()
    work()
    best = Math.max(best, bytes / 1e3 / (performance.now() - startedAt))
  }
  return best
}

function heapTakenBy(work) {
  const before = process.memoryUsage().heapUsed
  work()
  return process.memoryUsage().heapUsed - before
}

function measureChunks() {
  const [large, small] = [4096, 128].map((chunkSize) => {
    const { bytes, chunks } = publisherBytes(chunkSize)
    const pieces = cutAtRandom(bytes)
    const speed = speedOf(bytes.length, () => parse(pieces))
    return { speed, chunks, heap: heapTakenBy(() => parse(pieces)) / pieces.length, pieces: pieces.length }
  })
  // Per piece of input, for both streams are cut into a different number of them.
  const heapPerChunk =
    Math.max(0, small.heap - large.heap) / (small.chunks / small.pieces - large.chunks / large.pieces)
  return { chunks4096: large.speed, chunks128: small.speed, heapPerChunk }
}

function measureMuxer() {
  const frames = []
  const reader = new FlvTagReader()
  for (const tag of [...source.headers, ...source.frames])
    reader.readTag(tag.type, tag.timestampMs, tag.body, 0, frames)
  const payload = frames.reduce((sum, { units }) => sum + units.reduce((length, unit) => length + unit.length, 0), 0)
  const packer = new FlvPacker()
  const out = new Uint8Array(1024 * 1024)
  const muxer = speedOf(payload, () => {
    for (const frame of frames) packer.writeFrame(frame, 0, out, 0)
  })
  const configs = { video: frames.find(isVideo).config, audio: frames.find((frame) => !isVideo(frame)).config }
  const batches = speedOf(payload, () => {
    for (const frame of frames) packBatch(packer, [frame], configs, 0)
  })
  return { muxer, batches }
}

const isVideo = (frame) => frame.config.kind === 'video'

serve({}, { measure: () => ({ ...measureChunks(), ...measureMuxer() }) })
