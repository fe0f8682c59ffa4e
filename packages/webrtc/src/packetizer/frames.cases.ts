import type { VideoFrame } from '@crossroom/media'
import { patterned, pps, sps, videoConfig, videoFrame } from './frames.fake.js'
import { MAX_RTP_PAYLOAD } from './payload-buffer.js'

const h264Config = videoConfig('h264')

export interface H264Case {
  readonly name: string
  readonly frame: VideoFrame
  /** What a receiver gets back. */
  readonly received: readonly Uint8Array[]
  /** NAL unit types of the packets: 24 is STAP-A, 28 FU-A. */
  readonly packetTypes: readonly number[]
}

const idr = (length: number) => patterned(length, 0x65, 0x88)
const slice = (length: number) => patterned(length, 0x41, 0x9a)
const sei = Uint8Array.of(0x06, 0x05, 0x01, 0x00, 0x80)
const delimiter = Uint8Array.of(0x09, 0xf0)
const filler = patterned(40, 0x0c, 0xff)

export const h264Cases: readonly H264Case[] = [
  {
    name: 'a small slice is a single NAL unit packet',
    frame: videoFrame(h264Config, [slice(20)]),
    received: [slice(20)],
    packetTypes: [1],
  },
  {
    name: 'a slice of just the limit is not cut',
    frame: videoFrame(h264Config, [slice(MAX_RTP_PAYLOAD)]),
    received: [slice(MAX_RTP_PAYLOAD)],
    packetTypes: [1],
  },
  {
    name: 'one byte more makes two fragments',
    frame: videoFrame(h264Config, [slice(MAX_RTP_PAYLOAD + 1)]),
    received: [slice(MAX_RTP_PAYLOAD + 1)],
    packetTypes: [28, 28],
  },
  {
    name: 'a keyframe without parameter sets gets those of its config',
    frame: videoFrame(h264Config, [idr(3000)], true),
    received: [sps, pps, idr(3000)],
    packetTypes: [24, 28, 28, 28],
  },
  {
    name: 'a keyframe with its own parameter sets keeps them',
    frame: videoFrame(h264Config, [delimiter, patterned(9, 0x67), pps, sei, idr(100)], true),
    received: [patterned(9, 0x67), pps, sei, idr(100)],
    packetTypes: [24],
  },
  {
    name: 'delimiters, filler, empty and reserved units are left out',
    frame: videoFrame(h264Config, [
      delimiter,
      new Uint8Array(0),
      filler,
      patterned(4, 0x78),
      patterned(4, 0x60),
      slice(9),
    ]),
    received: [slice(9)],
    packetTypes: [1],
  },
  {
    name: 'small slices share packets, a large one between them does not',
    frame: videoFrame(h264Config, [slice(500), slice(500), slice(500), slice(2000), slice(30), slice(40)]),
    received: [slice(500), slice(500), slice(500), slice(2000), slice(30), slice(40)],
    packetTypes: [24, 1, 28, 28, 24],
  },
]

export const vp8Frames: readonly { readonly name: string; readonly data: Uint8Array; readonly packets: number }[] = [
  { name: 'one byte', data: Uint8Array.of(0x11), packets: 1 },
  { name: 'a keyframe', data: patterned(4000, 0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a), packets: 4 },
  { name: 'an interframe that fills its packet', data: patterned(MAX_RTP_PAYLOAD - 1, 0x31), packets: 1 },
  { name: 'an interframe of one byte more', data: patterned(MAX_RTP_PAYLOAD, 0x31), packets: 2 },
]
