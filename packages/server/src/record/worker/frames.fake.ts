import type { AudioConfig, MediaFrame, VideoConfig } from '@crossroom/media'

export const h264: VideoConfig = {
  ...{ kind: 'video', codec: 'h264', description: Uint8Array.of(1), parameterSets: [], nalLengthSize: 4 },
  ...{ width: 640, height: 360, codecString: 'avc1.64001f', orientation: 0 },
}

export const aac: AudioConfig = {
  ...{ kind: 'audio', codec: 'aac', description: Uint8Array.of(0x11, 0x90), sampleRate: 48_000, channels: 2 },
  ...{ samplesPerFrame: 1024, codecString: 'mp4a.40.2' },
}

/** `number` is the first byte of its only unit. */
export function picture(ms: number, keyframe: boolean, number = 0, config = h264): MediaFrame {
  const time = ms * 1000
  return {
    config,
    pts: time,
    dts: time,
    keyframe,
    units: [Uint8Array.of(number, 1, 2)],
    receivedAt: time,
    droppable: false,
  }
}

export function sound(ms: number, config = aac): MediaFrame {
  const time = Math.round(ms * 1000)
  return { config, pts: time, dts: time, keyframe: true, units: [Uint8Array.of(9)], receivedAt: time, droppable: false }
}
