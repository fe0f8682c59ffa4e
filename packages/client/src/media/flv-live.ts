/**
 * How far behind the newest picture mpegts.js plays, in seconds. It jumps once when a whole group of pictures comes at
 * the start or after a hole, and otherwise plays a little faster until it is back.
 */
export const FLV_LIVE = {
  enableStashBuffer: false,
  liveBufferLatencyChasing: true,
  liveBufferLatencyMaxLatency: 1,
  liveBufferLatencyMinRemain: 0.25,
  liveSync: true,
  liveSyncMaxLatency: 0.5,
  liveSyncTargetLatency: 0.3,
  liveSyncPlaybackRate: 1.1,
  lazyLoad: false,
  deferLoadAfterSourceOpen: false,
  autoCleanupSourceBuffer: true,
  autoCleanupMaxBackwardDuration: 30,
  autoCleanupMinBackwardDuration: 10,
} as const

/** DOMException's number of NotSupportedError, which is how Media Source refuses a codec. */
export const NOT_SUPPORTED = 9

/**
 * True for errors that a new player fixes immediately: Media Source accepts no track that appears late or resumes,
 * because its buffers are created before the first frame.
 */
export function isLateTrack(detail: string, code: number | undefined): boolean {
  return detail === 'MediaMSEError' && code !== NOT_SUPPORTED
}
