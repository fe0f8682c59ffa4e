import type { ModelMessage } from './chunk-model.fake.js'
import type { ProtocolErrorCode } from '../protocol-error.js'

const audio = (timestamp: number, ...payload: number[]): ModelMessage => ({
  messageType: 8,
  messageStreamId: 1,
  timestamp,
  payload,
})
const video = (timestamp: number, payload: number[]): ModelMessage => ({
  messageType: 9,
  messageStreamId: 1,
  timestamp,
  payload,
})
const sevens = (count: number): number[] => new Array<number>(count).fill(7)
const hexSevens = (count: number): string => '07'.repeat(count)

/** Chunk streams written by hand, and how RTMP 1.0 section 5.3 reads them. */
export const chunkCases: readonly {
  name: string
  hex: string
  messages: readonly ModelMessage[]
  error?: ProtocolErrorCode
}[] = [
  {
    name: 'all four header types',
    hex: '04 00000a 000001 08 01000000 aa 44 000005 000001 08 bb 84 000003 cc c4 dd',
    messages: [audio(10, 0xaa), audio(15, 0xbb), audio(18, 0xcc), audio(21, 0xdd)],
  },
  {
    name: 'type 3 that begins a message after type 0 adds its timestamp (5.3.1.2.4)',
    hex: '04 00000a 000001 08 01000000 aa c4 bb',
    messages: [audio(10, 0xaa), audio(20, 0xbb)],
  },
  {
    name: 'a message in two chunks',
    hex: `06 000001 000081 09 01000000 ${hexSevens(128)} c6 07`,
    messages: [video(1, sevens(129))],
  },
  {
    name: 'audio between the chunks of a video message (LiteAV)',
    hex: `06 000001 000081 09 01000000 ${hexSevens(128)} 04 000002 000001 08 01000000 aa c6 07`,
    messages: [audio(2, 0xaa), video(1, sevens(129))],
  },
  {
    name: 'long audio in chunks between the chunks of a video message',
    hex: `06 000001 000081 09 01000000 ${hexSevens(128)} 04 000002 000081 08 01000000 ${hexSevens(128)} c6 07 c4 07`,
    messages: [video(1, sevens(129)), audio(2, ...sevens(129))],
  },
  { name: 'an empty message', hex: '04 000001 000000 08 01000000', messages: [audio(1)] },
  {
    name: 'chunk stream ids of two and three bytes',
    hex: '00 00 000001 000001 08 01000000 aa 01 00 01 000002 000001 08 01000000 bb',
    messages: [audio(1, 0xaa), audio(2, 0xbb)],
  },
  {
    name: 'one chunk stream in two spellings',
    hex: '00 05 000001 000001 08 01000000 aa c1 05 00 bb',
    messages: [audio(1, 0xaa), audio(2, 0xbb)],
  },
  {
    name: 'an extended timestamp',
    hex: '04 ffffff 000001 08 01000000 01000000 aa',
    messages: [audio(0x1000000, 0xaa)],
  },
  {
    name: 'an extended timestamp, repeated in type 3',
    hex: `06 ffffff 000081 09 01000000 01000000 ${hexSevens(128)} c6 01000000 07`,
    messages: [video(0x1000000, sevens(129))],
  },
  {
    name: 'an extended timestamp, not repeated in type 3',
    hex: `06 ffffff 000081 09 01000000 01000000 ${hexSevens(128)} c6 07`,
    messages: [video(0x1000000, sevens(129))],
  },
  {
    name: 'an extended delta with the absolute timestamp in type 3',
    hex: `06 000001 000001 09 01000000 07 46 ffffff 000081 09 01000000 ${hexSevens(128)} c6 01000001 07`,
    messages: [video(1, [7]), video(0x1000001, sevens(129))],
  },
  {
    name: 'an extended timestamp below 2^24 - 1',
    hex: '04 ffffff 000001 08 01000000 00000001 aa',
    messages: [audio(1, 0xaa)],
  },
  {
    name: 'a timestamp that wraps at 2^32',
    hex: '04 ffffff 000001 08 01000000 ffffffff aa 84 000002 bb',
    messages: [audio(0xffffffff, 0xaa), audio(1, 0xbb)],
  },
  {
    name: 'Abort of a message in progress',
    hex: `06 000001 000081 09 01000000 ${hexSevens(128)} 02 000000 000004 02 00000000 00000006 06 000002 000001 09 01000000 aa`,
    messages: [video(2, [0xaa])],
  },
  {
    name: 'Abort of nothing',
    hex: '02 000000 000004 02 00000000 00000009 04 000001 000001 08 01000000 aa',
    messages: [audio(1, 0xaa)],
  },
  {
    name: 'chunk size 129',
    hex: `02 000000 000004 01 00000000 00000081 06 000001 000081 09 01000000 ${hexSevens(129)}`,
    messages: [video(1, sevens(129))],
  },
  {
    name: 'chunk size over 1 MiB, taken as 1 MiB',
    hex: '02 000000 000004 01 00000000 7fffffff 04 000001 000001 08 01000000 aa',
    messages: [audio(1, 0xaa)],
  },
  {
    name: 'type 1 on a fresh chunk stream (librtmp)',
    hex: '42 000001 000001 08 aa',
    messages: [{ ...audio(1, 0xaa), messageStreamId: 0 }],
  },
  {
    name: 'a message stream id of four bytes, little-endian',
    hex: '04 000001 000001 08 010203f4 aa',
    messages: [{ ...audio(1, 0xaa), messageStreamId: 0xf4030201 }],
  },

  { name: 'R4: chunk size 0', hex: '02 000000 000004 01 00000000 00000000', messages: [], error: 'RTMP_CHUNK_SIZE' },
  { name: 'R4: chunk size 1', hex: '02 000000 000004 01 00000000 00000001', messages: [], error: 'RTMP_CHUNK_SIZE' },
  { name: 'R4: chunk size 127', hex: '02 000000 000004 01 00000000 0000007f', messages: [], error: 'RTMP_CHUNK_SIZE' },
  {
    name: 'R4: chunk size with the first bit set',
    hex: '02 000000 000004 01 00000000 80001000',
    messages: [],
    error: 'RTMP_CHUNK_SIZE',
  },
  {
    name: 'chunk size of three bytes',
    hex: '02 000000 000003 01 00000000 001000',
    messages: [],
    error: 'RTMP_CHUNK_SIZE',
  },
  {
    name: 'Abort of three bytes',
    hex: '02 000000 000003 02 00000000 000006',
    messages: [],
    error: 'RTMP_CHUNK_HEADER',
  },
  { name: 'R8: type 2 on a fresh chunk stream', hex: '84 000001 aa', messages: [], error: 'RTMP_CHUNK_HEADER' },
  { name: 'R8: type 3 on a fresh chunk stream', hex: 'c4 aa', messages: [], error: 'RTMP_CHUNK_HEADER' },
  {
    name: 'R8: type 0 in the middle of a message',
    hex: `06 000001 000081 09 01000000 ${hexSevens(128)} 06 000001 000081 09 01000000`,
    messages: [],
    error: 'RTMP_CHUNK_HEADER',
  },
  {
    name: 'R8: type 2 in the middle of a message',
    hex: `06 000001 000081 09 01000000 ${hexSevens(128)} 86 000001 07`,
    messages: [],
    error: 'RTMP_CHUNK_HEADER',
  },
  {
    name: 'audio of 64 KiB and a byte',
    hex: '04 000001 010001 08 01000000',
    messages: [],
    error: 'RTMP_MESSAGE_LENGTH',
  },
  {
    name: 'video of 4 MiB and a byte',
    hex: '06 000001 400001 09 01000000',
    messages: [],
    error: 'RTMP_MESSAGE_LENGTH',
  },
  {
    name: 'what follows an error is not read',
    hex: 'c4 04 000001 000001 08 01000000 aa',
    messages: [],
    error: 'RTMP_CHUNK_HEADER',
  },
]
