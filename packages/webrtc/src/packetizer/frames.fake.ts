import type { AudioConfig, AudioFrame, VideoCodec, VideoConfig, VideoFrame } from '@crossroom/media'

export const sps = Uint8Array.of(0x67, 0x42, 0xc0, 0x1e, 0xd9)
export const pps = Uint8Array.of(0x68, 0xce, 0x3c, 0x80)

export function videoConfig(codec: VideoCodec): VideoConfig {
  return {
    kind: 'video',
    codec,
    description: new Uint8Array(0),
    parameterSets: codec === 'h264' ? [sps, pps] : [],
    nalLengthSize: 4,
    width: 640,
    height: 360,
    codecString: codec,
    orientation: 0,
  }
}

export const opusConfig: AudioConfig = {
  kind: 'audio',
  codec: 'opus',
  description: new Uint8Array(0),
  sampleRate: 48_000,
  channels: 2,
  samplesPerFrame: 0,
  codecString: 'opus',
}

export function videoFrame(config: VideoConfig, units: readonly Uint8Array[], keyframe = false): VideoFrame {
  return { config, pts: 0, dts: 0, keyframe, units, receivedAt: 0, droppable: false }
}

export function audioFrame(pts: number, packet: Uint8Array): AudioFrame {
  return { config: opusConfig, pts, dts: pts, keyframe: true, units: [packet], receivedAt: pts, droppable: false }
}

/** `length` bytes that begin with `first` and then differ from their neighbours, so that swapped or lost bytes show. */
export function patterned(length: number, ...first: number[]): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff)
  bytes.set(first.slice(0, length))
  return bytes
}
