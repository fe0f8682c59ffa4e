import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  writeAnnexB,
  byteLengthOfAnnexB,
  type MediaFrame,
  type VideoCodec,
  type VideoConfig,
  type VideoFrame,
} from '@crossroom/media'
import { pollAll } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { H264Packetizer } from '../packetizer/h264.js'
import { PayloadBuffer } from '../packetizer/payload-buffer.js'
import type { Packetizer } from '../packetizer/packetizer.js'
import { Vp8Packetizer } from '../packetizer/vp8.js'
import { buildRtpPacket } from '../rtp/rtp.fake.js'
import { videoMedia } from './publisher.fake.js'
import { RtpReceiver } from './rtp-receiver.js'

const FRAMES = 45
const SOURCE = `videotestsrc num-buffers=${FRAMES} pattern=ball ! video/x-raw,width=320,height=180,framerate=30/1`

/** Encoders with large frames, their payloaders, and a container for the same bitstream. */
const pipelines = [
  {
    codec: 'h264',
    encoder: 'x264enc tune=zerolatency speed-preset=ultrafast key-int-max=20 bitrate=3000 sliced-threads=false',
    caps: 'video/x-h264,stream-format=byte-stream,alignment=au',
    payloader: 'rtph264pay mtu=600 config-interval=-1 aggregate-mode=zero-latency',
    mux: 'identity',
  },
  {
    codec: 'h265',
    encoder: 'x265enc tune=zerolatency speed-preset=ultrafast key-int-max=20 bitrate=3000',
    caps: 'video/x-h265,stream-format=byte-stream,alignment=au',
    payloader: 'rtph265pay mtu=600 config-interval=-1 aggregate-mode=zero-latency',
    mux: 'identity',
  },
  {
    codec: 'vp8',
    encoder: 'vp8enc deadline=1 keyframe-max-dist=20',
    caps: 'video/x-vp8',
    payloader: 'rtpvp8pay mtu=600 picture-id-mode=2',
    mux: 'matroskamux',
  },
  {
    codec: 'vp9',
    encoder: 'vp9enc deadline=1 keyframe-max-dist=20',
    caps: 'video/x-vp9',
    payloader: 'rtpvp9pay mtu=600 picture-id-mode=2',
    mux: 'matroskamux',
  },
] as const

function hasElements(description: string): boolean {
  const elements = description.split(' ! ').map((part) => part.trim().split(' ')[0]!)
  return elements.every((element) => spawnSync('gst-inspect-1.0', ['--exists', element]).status === 0)
}

function inDirectory<Result>(work: (file: (name: string) => string) => Result): Result {
  const directory = mkdtempSync(join(tmpdir(), 'gstreamer-'))
  try {
    return work((name) => join(directory, name))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function launch(description: string): void {
  execFileSync('gst-launch-1.0', ['-q', ...description.split(' ').filter((word) => word !== '')], { stdio: 'pipe' })
}

/** The decoded pictures' hashes, as ffmpeg sees them. */
function pictureHashes(file: string): string[] {
  const text = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:v', '-f', 'framemd5', '-'], {
    encoding: 'utf8',
  })
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)!.trim())
}

/** The packets of an RFC 4571 stream. */
function packetsOf(stream: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = []
  for (let offset = 0; offset + 2 <= stream.length;) {
    const end = offset + 2 + ((stream[offset]! << 8) | stream[offset + 1]!)
    packets.push(stream.slice(offset + 2, end))
    offset = end
  }
  return packets
}

function receive(codec: VideoCodec, packets: readonly Uint8Array[]): VideoFrame[] {
  const media = { ...videoMedia, remote: [], codecs: [{ ...videoMedia.codecs[0]!, codec, payloadType: 96 }] }
  const receiver = new RtpReceiver({ now: 0, media: [media], ssrc: 7, cname: 'test' })
  const frames: MediaFrame[] = []
  packets.forEach((packet, index) => {
    receiver.handleRtp(index * 1000, packet)
    for (const event of pollAll(receiver, index * 1000).events) if (event.kind === 'frame') frames.push(event.frame)
  })
  return frames as VideoFrame[]
}

/** A file that ffmpeg reads: Annex B with parameter sets at each config, or IVF. */
function fileOf(frames: readonly VideoFrame[]): Uint8Array {
  const { codec } = frames[0]!.config
  if (codec === 'h264' || codec === 'h265') return annexBOf(frames)
  const fourcc = codec === 'vp8' ? 'VP80' : 'VP90'
  const header = Buffer.alloc(32)
  header.write(`DKIF\0\0\x20\0${fourcc}`, 0, 'latin1')
  header.writeUInt16LE(320, 12)
  header.writeUInt16LE(180, 14)
  header.writeUInt32LE(30, 16)
  header.writeUInt32LE(1, 20)
  header.writeUInt32LE(frames.length, 24)
  const parts: Uint8Array[] = [header]
  frames.forEach((frame, index) => {
    const frameHeader = Buffer.alloc(12)
    frameHeader.writeUInt32LE(frame.units[0]!.length, 0)
    frameHeader.writeUInt32LE(index, 4)
    parts.push(frameHeader, frame.units[0]!)
  })
  return Buffer.concat(parts)
}

function annexBOf(frames: readonly VideoFrame[]): Uint8Array {
  let config: VideoConfig | undefined
  const units = frames.flatMap((frame) => {
    const sets = frame.config === config ? [] : frame.config.parameterSets
    config = frame.config
    return [...sets, ...frame.units]
  })
  const bytes = new Uint8Array(byteLengthOfAnnexB(units))
  writeAnnexB(units, bytes, 0)
  return bytes
}

test.for(pipelines)('$codec packets of GStreamer yield the same pictures', (pipeline, { skip }) => {
  const { codec, encoder, caps, payloader, mux } = pipeline
  skip(!hasElements(`${encoder} ! ${payloader} ! rtpstreampay ! ${mux}`), 'GStreamer lacks an element of this pipeline')
  inDirectory((file) => {
    launch(
      `${SOURCE} ! ${encoder} ! ${caps} ! tee name=t t. ! queue ! ${mux} ! filesink location=${file('original')} ` +
        `t. ! queue ! ${payloader} pt=96 ! rtpstreampay ! filesink location=${file('rtp')}`,
    )
    const frames = receive(codec, packetsOf(readFileSync(file('rtp'))))
    expect(frames).toHaveLength(FRAMES)
    expect(frames[0]).toMatchObject({ keyframe: true, config: { codec, width: 320, height: 180 } })
    expect(frames.filter((frame) => frame.keyframe)).toHaveLength(3)
    expect(new Set(frames.map((frame) => frame.config)).size).toBe(1)
    writeFileSync(file('ours'), fileOf(frames))
    expect(pictureHashes(file('ours'))).toEqual(pictureHashes(file('original')))
  })
})

test.for([
  {
    pipeline: pipelines[0],
    packetizer: (): Packetizer<VideoConfig> => new H264Packetizer(),
    depayloader: 'rtph264depay ! video/x-h264,stream-format=byte-stream,alignment=au',
    encodingName: 'H264,packetization-mode=(string)1',
  },
  {
    pipeline: pipelines[2],
    packetizer: (): Packetizer<VideoConfig> => new Vp8Packetizer(),
    depayloader: 'rtpvp8depay',
    encodingName: 'VP8',
  },
])('what we pack of $pipeline.codec GStreamer takes apart to the same bytes', (one, { skip }) => {
  const { codec, encoder, caps, payloader } = one.pipeline
  skip(
    !hasElements(`${encoder} ! ${payloader} ! ${one.depayloader.split(' ')[0]} ! rtpstreamdepay`),
    'GStreamer lacks an element of this pipeline',
  )
  inDirectory((file) => {
    launch(`${SOURCE} ! ${encoder} ! ${caps} ! ${payloader} pt=96 ! rtpstreampay ! filesink location=${file('rtp')}`)
    const frames = receive(codec, packetsOf(readFileSync(file('rtp'))))
    writeFileSync(file('packed'), pack(frames, one.packetizer()))
    launch(
      `filesrc location=${file('packed')} ! ` +
        `application/x-rtp-stream,media=video,clock-rate=90000,payload=96,encoding-name=${one.encodingName} ! ` +
        `rtpstreamdepay ! ${one.depayloader} ! filesink location=${file('theirs')}`,
    )
    const expected = frames.map((frame) => {
      if (codec === 'vp8') return frame.units[0]!
      const sets = frame.keyframe ? frame.config.parameterSets : []
      return annexBOf([{ ...frame, config: { ...frame.config, parameterSets: sets } }])
    })
    expect(Buffer.compare(readFileSync(file('theirs')), Buffer.concat(expected))).toBe(0)
  })
})

function pack(frames: readonly VideoFrame[], packetizer: Packetizer<VideoConfig>): Uint8Array {
  const out = new PayloadBuffer()
  const parts: Uint8Array[] = []
  let sequenceNumber = 0
  frames.forEach((frame, number) => {
    packetizer.packetize(frame, out)
    for (let index = 0; index < out.count; index++) {
      const marker = index === out.count - 1
      const header = { marker, payloadType: 96, sequenceNumber: sequenceNumber++, timestamp: number * 3000, ssrc: 1 }
      const packet = buildRtpPacket(header, out.packet(index))
      parts.push(Uint8Array.of(packet.length >> 8, packet.length & 0xff), packet)
    }
  })
  return Buffer.concat(parts)
}
