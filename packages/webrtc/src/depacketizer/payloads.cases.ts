import { Av1Depacketizer } from './av1.js'
import type { Depacketizer } from './depacketizer.js'
import { H264Depacketizer } from './h264.js'
import { H265Depacketizer } from './h265.js'
import { OpusDepacketizer } from './opus.js'
import { Vp8Depacketizer } from './vp8.js'
import { Vp9Depacketizer } from './vp9.js'

export const depacketizers: Readonly<Record<'h264' | 'h265' | 'vp8' | 'vp9' | 'av1' | 'opus', () => Depacketizer>> = {
  h264: () => new H264Depacketizer(),
  h265: () => new H265Depacketizer(),
  vp8: () => new Vp8Depacketizer(),
  vp9: () => new Vp9Depacketizer(),
  av1: () => new Av1Depacketizer(),
  opus: () => new OpusDepacketizer(),
}

export interface PayloadCase {
  readonly name: string
  readonly codec: keyof typeof depacketizers
  /** The payloads of one frame, in hex. */
  readonly payloads: readonly string[]
  /** The units in hex; undefined when the frame must be refused. */
  readonly units: readonly string[] | undefined
  readonly keyframe?: boolean
  readonly droppable?: boolean
}

/** Laid out by hand from the payload formats' RFCs. */
export const payloadCases: readonly PayloadCase[] = [
  // RFC 6184
  { name: 'a single slice', codec: 'h264', payloads: ['41 9a 01'], units: ['41 9a 01'] },
  { name: 'a slice nothing refers to', codec: 'h264', payloads: ['01 9a 01'], units: ['01 9a 01'], droppable: true },
  {
    name: 'STAP-A with an empty unit, then fragments',
    codec: 'h264',
    payloads: ['78 0002 6742 0000 0001 68', '7c 85 aa', '7c 05 bb', '7c 45 cc'],
    units: ['67 42', '68', '65 aa bb cc'],
    keyframe: true,
  },
  { name: 'an empty payload between', codec: 'h264', payloads: ['', '41 9a'], units: ['41 9a'] },
  { name: 'fragments without start', codec: 'h264', payloads: ['7c 05 bb', '7c 45 cc'], units: undefined },
  { name: 'fragments without end', codec: 'h264', payloads: ['7c 85 aa', '7c 05 bb'], units: undefined },
  { name: 'two starts', codec: 'h264', payloads: ['7c 85 aa', '7c 85 aa', '7c 45 cc'], units: undefined },
  { name: 'a unit amid fragments', codec: 'h264', payloads: ['7c 85 aa', '41 9a', '7c 45 cc'], units: undefined },
  { name: 'start and end in one, as some encoders do', codec: 'h264', payloads: ['5c c1 9a'], units: ['41 9a'] },
  { name: 'a STAP-A in a STAP-A', codec: 'h264', payloads: ['78 0005 78 0002 6742'], units: undefined },
  { name: 'a fragment in a STAP-A', codec: 'h264', payloads: ['78 0003 7c c5 aa'], units: undefined },
  { name: 'a fragmented STAP-A', codec: 'h264', payloads: ['7c d8 00 02 67 42'], units: undefined },
  { name: 'an aggregate cut off', codec: 'h264', payloads: ['78 0004 6742'], units: undefined },
  { name: 'half a length', codec: 'h264', payloads: ['78 0002 6742 00'], units: undefined },
  { name: 'the interleaved mode', codec: 'h264', payloads: ['79 0000 0002 6742'], units: undefined },
  { name: 'a fragment of one byte', codec: 'h264', payloads: ['7c'], units: undefined },
  { name: 'nothing but filler', codec: 'h264', payloads: ['', '78 0000'], units: [] },
  // RFC 7798
  {
    name: 'an aggregate of parameter sets and a fragmented IDR',
    codec: 'h265',
    payloads: ['6001 0003 4001aa 0003 4201bb 0003 4401cc', '6201 93 dd', '6201 53 ee'],
    units: ['40 01 aa', '42 01 bb', '44 01 cc', '26 01 dd ee'],
    keyframe: true,
  },
  { name: 'a trailing picture', codec: 'h265', payloads: ['0201 d0'], units: ['02 01 d0'] },
  { name: 'an aggregate in an aggregate', codec: 'h265', payloads: ['6001 0005 6001 000102'], units: undefined },
  { name: 'a fragment of a fragment', codec: 'h265', payloads: ['6201 f1 00'], units: undefined },
  { name: 'PACI', codec: 'h265', payloads: ['6401 0000 00'], units: undefined },
  { name: 'one byte', codec: 'h265', payloads: ['02'], units: undefined },
  // RFC 7741
  {
    name: 'a keyframe in two packets',
    codec: 'vp8',
    payloads: ['10 50 01', '00 02 03'],
    units: ['50 01 02 03'],
    keyframe: true,
  },
  {
    name: 'a 15-bit picture id, TL0PICIDX and layer',
    codec: 'vp8',
    payloads: ['b0 e0 8123 07 40 31 01', '80 80 12 02'],
    units: ['31 01 02'],
    droppable: true,
  },
  { name: 'a frame without its first packet', codec: 'vp8', payloads: ['00 02 03'], units: undefined },
  { name: 'a descriptor cut off', codec: 'vp8', payloads: ['90 f0 8123'], units: undefined },
  { name: 'a descriptor alone', codec: 'vp8', payloads: ['10'], units: undefined },
  // RFC 9628
  {
    name: 'a keyframe with picture id and scalability structure',
    codec: 'vp9',
    payloads: ['8a 8123 18 0280 0168 01 04 01 82 49', '84 8123 83'],
    units: ['82 49 83'],
    keyframe: true,
  },
  { name: 'flexible mode with two references', codec: 'vp9', payloads: ['dc 01 03 02 a1'], units: ['a1'] },
  {
    name: 'two spatial layers become a superframe',
    codec: 'vp9',
    payloads: ['ac 01 00 05 a1 a2', 'ac 01 03 05 b1 b2 b3'],
    units: ['a1 a2 b1 b2 b3 c1 02 03 c1'],
    keyframe: true,
  },
  {
    name: 'of two layers that both begin by themselves the higher one is taken',
    codec: 'vp9',
    payloads: ['ac 01 00 05 a1 a2', 'ac 01 02 05 b1 b2 b3'],
    units: ['b1 b2 b3'],
    keyframe: true,
  },
  { name: 'a layer that comes twice', codec: 'vp9', payloads: ['ac 01 00 05 a1', 'ac 01 01 05 a2'], units: undefined },
  { name: 'a layer without its end', codec: 'vp9', payloads: ['88 01 a1'], units: undefined },
  { name: 'a layer without its beginning', codec: 'vp9', payloads: ['84 01 a1'], units: undefined },
  { name: 'four references', codec: 'vp9', payloads: ['dc 01 03 03 03 03 a1'], units: undefined },
  { name: 'a descriptor alone', codec: 'vp9', payloads: ['8c 01'], units: undefined },
  // RTP Payload Format For AV1 v1.0
  {
    name: 'a delimiter, a sequence header and a keyframe over two packets',
    codec: 'av1',
    payloads: ['78 01 10 03 08 0a 0b 30 10 a1', '90 a2 a3'],
    units: ['0a 02 0a 0b 32 04 10 a1 a2 a3'],
    keyframe: true,
  },
  { name: 'an OBU that has its size already', codec: 'av1', payloads: ['10 32 02 30 a1'], units: ['32 02 30 a1'] },
  { name: 'an OBU with an extension', codec: 'av1', payloads: ['10 34 08 30 a1'], units: ['36 08 02 30 a1'] },
  {
    name: 'elements that all have a length',
    codec: 'av1',
    payloads: ['00 02 30 20 00 02 20 aa'],
    units: ['32 01 20 22 01 aa'],
  },
  { name: 'a length past the end', codec: 'av1', payloads: ['00 05 30 20'], units: undefined },
  { name: 'a continuation of nothing', codec: 'av1', payloads: ['90 a2'], units: undefined },
  { name: 'a missing continuation', codec: 'av1', payloads: ['50 30 20'], units: undefined },
  { name: 'a wrong size in the OBU', codec: 'av1', payloads: ['10 32 07 30 a1'], units: undefined },
  { name: 'padding and delimiters only', codec: 'av1', payloads: ['10 10', '10 78 00'], units: undefined },
  // RFC 7587
  { name: 'a packet', codec: 'opus', payloads: ['fc 01 02'], units: ['fc 01 02'], keyframe: true },
  { name: 'two packets of one time', codec: 'opus', payloads: ['fc 01', 'fc 02'], units: undefined },
  { name: 'an empty payload', codec: 'opus', payloads: [''], units: undefined },
]

/** RED payloads (RFC 2198) and the blocks in them: `payload type, offset, hex`. */
export const redCases: readonly {
  readonly name: string
  readonly hex: string
  readonly blocks: string[] | undefined
}[] = [
  { name: 'primary only', hex: '6f fc01', blocks: ['111 0 fc01'] },
  { name: 'one redundant block', hex: 'ef 0f0002 6f fc01 fc02', blocks: ['111 960 fc01', '111 0 fc02'] },
  {
    name: 'two redundant blocks',
    hex: 'ef 1e0001 ef 0f0001 6f a1 a2 a3',
    blocks: ['111 1920 a1', '111 960 a2', '111 0 a3'],
  },
  { name: 'an empty redundant block', hex: 'ef 0f0000 6f fc02', blocks: ['111 0 fc02'] },
  { name: 'a block past the end', hex: 'ef 0f0003 6f fc01', blocks: undefined },
  { name: 'headers without end', hex: 'ef 0f0000', blocks: undefined },
  { name: 'nothing', hex: '', blocks: undefined },
]
