import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_RTMP_LIMITS, type RtmpLimits } from '../limits.js'
import { MessageType } from '../message/message-type.js'
import { readWithModel, type ModelMessage, type ModelOutcome } from './chunk-model.fake.js'
import { chunkCases } from './chunk-reader.cases.js'
import { bytesOfHex } from './hex.fake.js'
import { ChunkReader } from './chunk-reader.js'
import { writeMessageChunks } from './chunk-writer.js'

const LIMITS: RtmpLimits = { ...DEFAULT_RTMP_LIMITS, partialMessages: 1000 }

/** Everything that the reader says of `pieces`, which it gets one after the other. */
function readAll(pieces: readonly Uint8Array[], limits = LIMITS): ModelOutcome {
  const messages: ModelMessage[] = []
  const reader = new ChunkReader(limits, {
    onMessage: (messageType, messageStreamId, timestamp, payload) =>
      messages.push({ messageType, messageStreamId, timestamp, payload: [...payload] }),
  })
  reader.authorised()
  let error
  for (const piece of pieces) error = reader.read(piece)
  return { messages, error: error?.code }
}

const split = (bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const edges = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
}

test.each(chunkCases)('reads $name', ({ hex, messages, error }) => {
  const bytes = bytesOfHex(hex)
  expect(readAll([bytes])).toEqual({ messages, error })
  expect(readAll([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual({ messages, error })
  expect(readWithModel(bytes, LIMITS)).toEqual({ messages, error })
})

const header = fc.record({
  headerType: fc.constantFrom(0, 0, 1, 2, 3, 3, 3, 3),
  chunkStreamId: fc.constantFrom(2, 3, 4, 5, 6, 70, 400),
  timestamp: fc.constantFrom(0, 20, 0xfffffe, 0xffffff),
  extended: fc.constantFrom(0, 0x1000000, 0xffffffff),
  length: fc.constantFrom(0, 1, 4, 100, 128, 129, 300, 700),
  messageType: fc.constantFrom(1, 2, 4, 8, 8, 8, 9, 9, 9, 9, 18, 20, 20, 22),
  /** Header types that a fresh chunk stream must not begin with are mostly replaced. */
  isRude: fc.constantFrom(true, ...new Array<boolean>(30).fill(false)),
  repeatsTimestamp: fc.boolean(),
  payload: fc.constantFrom(
    ...[
      [0, 0, 0, 6],
      [0, 0, 0, 128],
      [0, 0, 1, 0],
      [0, 0, 0, 4],
      [1, 0, 0, 0],
      [0xc6, 0xc6, 0xc6, 0xc6],
    ],
  ),
})

type Header = typeof header extends fc.Arbitrary<infer Value> ? Value : never

/** Sometimes a legal chunk stream, often nearly one. `open` is what the generator believes to be in progress. */
function encodeChunks(headers: readonly Header[]): Uint8Array {
  const out: number[] = []
  const open = new Map<number, { remaining: number; extended: number | undefined; length: number }>()
  for (const { headerType, chunkStreamId, timestamp, extended, length, messageType, ...rest } of headers) {
    const isFresh = !open.has(chunkStreamId)
    const state = open.get(chunkStreamId) ?? { remaining: 0, extended: undefined, length: 0 }
    open.set(chunkStreamId, state)
    const polite = state.remaining > 0 ? 3 : isFresh ? 0 : headerType
    const type = rest.isRude ? headerType : polite
    const [low, ...more] =
      chunkStreamId < 64
        ? [chunkStreamId]
        : chunkStreamId < 320
          ? [0, chunkStreamId - 64]
          : [1, (chunkStreamId - 64) & 255, (chunkStreamId - 64) >> 8]
    out.push((type << 6) | low, ...more)
    if (type < 3) out.push(timestamp >> 16, (timestamp >> 8) & 255, timestamp & 255)
    if (type < 2) out.push(0, length >> 8, length & 255, messageType)
    if (type < 1) out.push(1, 0, 0, 0)
    if (type < 3) state.extended = timestamp === 0xffffff ? extended : undefined
    if (type < 2) state.length = length
    const writesTimestamp = state.extended !== undefined && (type < 3 || rest.repeatsTimestamp)
    if (writesTimestamp) for (const shift of [24, 16, 8, 0]) out.push((state.extended! >>> shift) & 255)
    if (state.remaining === 0) state.remaining = state.length
    const chunkLength = Math.min(128, state.remaining)
    for (let index = 0; index < chunkLength; index++) out.push(rest.payload[index % 4]!)
    state.remaining -= chunkLength
  }
  return Uint8Array.from(out)
}

test('R8: any sequence of chunks means what the model says, however it is split', () => {
  let whole = 0
  fc.assert(
    fc.property(fc.array(header, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 12 }), (headers, cuts) => {
      const bytes = encodeChunks(headers)
      const expected = readWithModel(bytes, LIMITS)
      whole += expected.messages.length
      expect(readAll([bytes])).toEqual(expected)
      expect(readAll(split(bytes, cuts))).toEqual(expected)
    }),
    { numRuns: 1500 },
  )
  expect(whole).toBeGreaterThan(1000)
})

const type0 = (chunkStreamId: number, length: number, messageType = 9): number[] => [
  ...(chunkStreamId < 64 ? [chunkStreamId] : [1, (chunkStreamId - 64) & 255, (chunkStreamId - 64) >> 8]),
  ...[0, 0, 0, length >> 16, (length >> 8) & 255, length & 255, messageType, 1, 0, 0, 0],
]

test('R5: a message bomb on 65 535 chunk streams ends at the ninth message, before anything is allocated for it', () => {
  const reader = new ChunkReader(DEFAULT_RTMP_LIMITS, { onMessage: () => expect.unreachable() })
  reader.authorised()
  let error
  let opened = 0
  for (let chunkStreamId = 3; error === undefined && opened < 65_535; chunkStreamId++, opened++) {
    error = reader.read(Uint8Array.of(...type0(chunkStreamId, 4 * 1024 * 1024), ...new Array<number>(128).fill(0)))
    expect(reader.heldBytes).toBeLessThan(16 * 1024)
  }
  expect([opened, error?.code]).toEqual([9, 'RTMP_PARTIAL_MESSAGES'])
})

test('R5: a declared length of 0xFFFFFF is refused, and 65 chunk streams are', () => {
  const declared = new ChunkReader(DEFAULT_RTMP_LIMITS, { onMessage: () => undefined })
  expect(declared.read(Uint8Array.from(type0(3, 0xffffff)))?.code).toBe('RTMP_MESSAGE_LENGTH')
  const streams = Array.from({ length: 65 }, (_, index) => Uint8Array.from(type0(3 + index, 0)))
  expect(readAll(streams.slice(0, 64)).error).toBeUndefined()
  expect(readAll(streams).error).toBe('RTMP_CHUNK_STREAMS')
})

test('R3: before authorisation a message has 16 KiB and everything together 64 KiB', () => {
  const reader = new ChunkReader(DEFAULT_RTMP_LIMITS, { onMessage: () => undefined })
  expect(reader.read(Uint8Array.from(type0(3, 16 * 1024 + 1)))?.code).toBe('RTMP_MESSAGE_LENGTH')

  const hoarder = new ChunkReader(DEFAULT_RTMP_LIMITS, { onMessage: () => undefined })
  const chunks = (chunkStreamId: number): Uint8Array => {
    const bytes = type0(chunkStreamId, 16 * 1024)
    for (let chunk = 0; chunk < 127; chunk++) {
      if (chunk > 0) bytes.push(0xc0 | chunkStreamId)
      for (let index = 0; index < 128; index++) bytes.push(0)
    }
    return Uint8Array.from(bytes)
  }
  let error
  for (let chunkStreamId = 3; chunkStreamId < 11 && error === undefined; chunkStreamId++) {
    error = hoarder.read(chunks(chunkStreamId))
    expect(hoarder.heldBytes).toBeLessThanOrEqual(64 * 1024)
  }
  expect(error?.code).toBe('RTMP_PARTIAL_MESSAGES')
})

test('a video message of 4 MiB is read, in chunks of 128 bytes, and the buffer it needed is given up', () => {
  const payload = new Uint8Array(4 * 1024 * 1024).map((_, index) => index * 7)
  const bytes = new Uint8Array(payload.length + payload.length / 128 + 12)
  const message = { chunkStreamId: 6, timestampMs: 0, messageType: MessageType.video, messageStreamId: 1 }
  const length = writeMessageChunks(message, payload, 128, bytes, 0)
  let read: Uint8Array | undefined
  const reader = new ChunkReader(DEFAULT_RTMP_LIMITS, { onMessage: (_type, _id, _at, body) => (read = body) })
  reader.authorised()
  for (let offset = 0; offset < length; offset += 60_000) {
    expect(reader.read(bytes.subarray(offset, Math.min(offset + 60_000, length)))).toBeUndefined()
  }
  expect(Buffer.compare(read!, payload)).toBe(0)
  expect(reader.heldBytes).toBeLessThan(64 * 1024)
})

test('a payload owns exactly its bytes and does not change afterwards', () => {
  const payloads: Uint8Array[] = []
  const reader = new ChunkReader(LIMITS, { onMessage: (_type, _id, _at, payload) => payloads.push(payload) })
  reader.read(bytesOfHex(`04 000001 000001 08 01000000 aa 06 000001 000081 09 01000000 ${'07'.repeat(128)} c6 07`))
  reader.read(bytesOfHex(`04 000001 000001 08 01000000 bb`.repeat(100)))
  expect(payloads.slice(0, 2).map((payload) => [...payload])).toEqual([[0xaa], new Array<number>(129).fill(7)])
  for (const payload of payloads) expect(payload.buffer.byteLength).toBe(payload.length)
})

test('nothing is delivered after stop, not even from the same input', () => {
  let count = 0
  const reader = new ChunkReader(LIMITS, {
    onMessage: () => {
      count += 1
      reader.stop()
    },
  })
  expect(reader.read(bytesOfHex('04 000001 000001 08 01000000 aa c4 bb'))).toBeUndefined()
  expect(count).toBe(1)
})
