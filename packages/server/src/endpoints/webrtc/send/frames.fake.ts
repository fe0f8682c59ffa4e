import {
  audioConfigFromOpusHead,
  buildOpusHead,
  videoConfigFromH264,
  videoConfigFromVp8Keyframe,
  type MediaFrame,
  type Micros,
  type VideoConfig,
} from '@crossroom/media'
import { StreamKey, type FrameSink, type FrameSource, type Tracks } from '../../../hub/index.js'
import { buildSps } from '../../../../../media/src/h264/sps.fake.js'

const PPS = Uint8Array.of(0x68, 0xce, 0x38, 0x80)
/** RFC 6386 section 9.1: a keyframe's start code and its size, 320 × 180. */
const VP8_KEYFRAME = Uint8Array.of(0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 0)

export const OPUS = audioConfigFromOpusHead(buildOpusHead({ channels: 2, preSkip: 312, inputSampleRate: 48_000 }))!
const baseline = videoConfigFromH264([buildSps({ profileIdc: 66, orderCountType: 2 })], [PPS])!
export const H264: VideoConfig = { ...baseline, codecString: 'avc1.42e01e' }
/** The same with the name of another profile: browsers are told by it which decoder to take. */
export const H264_HIGH: VideoConfig = { ...baseline, codecString: 'avc1.64001e' }
export const VP8 = videoConfigFromVp8Keyframe(VP8_KEYFRAME, undefined)!

/** A source whose frames a test pushes. */
export class TestSource implements FrameSource {
  readonly key: StreamKey
  tracks: Tracks = {}
  cachedFrames: readonly MediaFrame[] = []
  readonly isAskable = true
  readonly heardAt = 0
  keyframesAsked = 0
  readonly sinks = new Set<FrameSink>()

  constructor(key = StreamKey.room('ann')) {
    this.key = key
  }

  get recentFrames(): readonly MediaFrame[] {
    return this.cachedFrames
  }

  subscribe(sink: FrameSink): () => void {
    for (const frame of this.cachedFrames) sink.handleFrame(frame)
    this.sinks.add(sink)
    return () => void this.sinks.delete(sink)
  }

  whenTracksKnown(callback: () => void): () => void {
    callback()
    return () => undefined
  }

  requestKeyframe(): boolean {
    this.keyframesAsked++
    return true
  }

  push(frame: MediaFrame): void {
    for (const sink of [...this.sinks]) sink.handleFrame(frame)
  }
}

/** A picture of one packet. */
export function picture(
  at: Micros,
  options: { config?: VideoConfig; keyframe?: boolean; pts?: Micros } = {},
): MediaFrame {
  const { config = H264, keyframe = false, pts = at } = options
  const unit = config.codec === 'vp8' ? VP8_KEYFRAME : Uint8Array.of(keyframe ? 0x65 : 0x41, 0x9a)
  return { config, keyframe, pts, dts: pts, receivedAt: at, droppable: false, units: [unit] }
}

/** A frame of sound. */
export function sound(at: Micros, pts: Micros = at): MediaFrame {
  return { config: OPUS, keyframe: true, pts, dts: pts, receivedAt: at, droppable: false, units: [Uint8Array.of(8, 1)] }
}
