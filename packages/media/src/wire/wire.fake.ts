import type { AudioConfig, AudioFrame, VideoConfig, VideoFrame } from '../model/frame.js'

export const aac: AudioConfig = {
  kind: 'audio',
  codec: 'aac',
  description: Uint8Array.of(0x11, 0x90),
  sampleRate: 48_000,
  channels: 2,
  samplesPerFrame: 1024,
  codecString: 'mp4a.40.2',
  bitrate: 128_000,
}

export const h264: VideoConfig = {
  kind: 'video',
  codec: 'h264',
  description: Uint8Array.of(1),
  parameterSets: [Uint8Array.of(0x67, 2), new Uint8Array(0)],
  nalLengthSize: 4,
  width: 640,
  height: 360,
  codecString: 'avc1.64001f',
  reorderFrames: 0,
  orientation: 90,
  flvSpelling: 'enhanced',
}

export function soundOf(pts: number, units: readonly Uint8Array[] = [Uint8Array.of(1)]): AudioFrame {
  return { config: aac, pts, dts: pts, keyframe: true, units, receivedAt: pts, droppable: false }
}

export function pictureOf(dts: number, units: readonly Uint8Array[], keyframe: boolean): VideoFrame {
  return { config: h264, pts: dts + 40_000, dts, keyframe, units, receivedAt: dts, droppable: !keyframe }
}
