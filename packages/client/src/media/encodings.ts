import type { VideoProfile } from '../options.js'

/** The lower layer is what phones and small tiles get: no wider than this. */
const SMALL_WIDTH = 320
const SMALL_BITRATE = 200_000
/** Pictures per second of the lower layer. */
const SMALL_FRAME_RATE = 15

/** What an encoding of RTCRtpSendParameters is set to. */
export interface LayerParameters {
  readonly rid?: string
  readonly maxBitrate: number
  readonly maxFramerate?: number
  readonly scaleResolutionDownBy?: number
}

/**
 * Two layers of the camera, the lower one first, as libwebrtc expects them: it gives bits to the first before the next.
 * `width` is what the camera really delivers, in pixels.
 */
export function cameraLayers(profile: VideoProfile, width: number): LayerParameters[] {
  return [
    {
      rid: 'l',
      maxBitrate: Math.min(SMALL_BITRATE, (profile.bitrate * 1000) / 2),
      maxFramerate: Math.min(SMALL_FRAME_RATE, profile.frameRate),
      scaleResolutionDownBy: Math.max(2, width / SMALL_WIDTH),
    },
    { rid: 'h', maxBitrate: profile.bitrate * 1000, maxFramerate: profile.frameRate, scaleResolutionDownBy: 1 },
  ]
}

/** One layer: text on a screen bears no scaling. */
export function screenLayers(profile: VideoProfile): LayerParameters[] {
  return [{ maxBitrate: profile.bitrate * 1000, maxFramerate: profile.frameRate }]
}
