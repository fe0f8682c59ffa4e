import type { Micros } from '@crossroom/media'

/** A cached frame of the GOP that a new viewer starts with. */
export interface CachedFrame {
  /** On the source's time line, modulo 2^32. */
  readonly rtpTimestamp: number
  readonly bytes: number
  readonly packets: number
}

export interface BurstOptions {
  /** From the last keyframe to the newest frame, in order of sending. */
  readonly frames: readonly CachedFrame[]
  /** Hz. */
  readonly clockRate: number
  /** Bits per second at which the burst is paced. */
  readonly bitrate: number
  /** When the next keyframe is expected, as a duration from now; undefined if unknown. */
  readonly untilKeyframe?: Micros
}

export interface BurstPlan {
  /** How many frames to send from the keyframe on: all, or the keyframe alone, or none when nothing is cached. */
  readonly count: number
  /** Their timestamps: strictly increasing, none ahead of live, the last one that of the newest frame. */
  readonly rtpTimestamps: Uint32Array
  /** The viewer sees the keyframe stand still; its video goes on at the next keyframe. */
  readonly waitsForKeyframe: boolean
  /** How long the burst takes at the given rate. */
  readonly duration: Micros
}

/** A burst of more packets is worth avoiding when the next keyframe is near. */
export const LONG_BURST_PACKETS = 500
/** How near that is. */
const NEAR_KEYFRAME: Micros = 1_000_000
const SECOND: Micros = 1_000_000

/** Bytes of a packet on the wire besides its payload: RTP, SRTP, UDP and IPv4 headers. */
const OVERHEAD_BYTES = 12 + 16 + 16 + 8 + 20

/**
 * How a new viewer gets the cached GOP: immediately, with timestamps compressed to the speed of the packets. The
 * decoder plays the past during the burst and is live with the last frame, so no viewer lags by the length of a GOP.
 */
export function planBurst(options: BurstOptions): BurstPlan {
  const { frames, bitrate } = options
  const packets = frames.reduce((sum, frame) => sum + frame.packets, 0)
  const isNear = options.untilKeyframe !== undefined && options.untilKeyframe < NEAR_KEYFRAME
  const waitsForKeyframe = packets > LONG_BURST_PACKETS && isNear && frames.length > 1
  const sent = waitsForKeyframe ? frames.slice(0, 1) : frames
  const duration = sent.reduce((sum, frame) => sum + wireTime(frame, bitrate), 0)
  return { count: sent.length, rtpTimestamps: squeeze(options, sent), waitsForKeyframe, duration: Math.ceil(duration) }
}

/** From the last frame back: each is as much older than its successor as that takes to send, but no more than it really is. */
function squeeze(options: BurstOptions, sent: readonly CachedFrame[]): Uint32Array {
  const { frames, clockRate, bitrate } = options
  const stamps = new Uint32Array(sent.length)
  let stamp = frames.at(-1)?.rtpTimestamp ?? 0
  for (let index = sent.length - 1; index >= 0; index--) {
    stamps[index] = stamp
    const previous = sent[index - 1]
    if (previous === undefined) break
    const behind = (stamp - previous.rtpTimestamp) | 0
    const sendingTicks = Math.round((wireTime(sent[index]!, bitrate) * clockRate) / SECOND)
    stamp = (stamp - Math.max(1, Math.min(sendingTicks, behind))) >>> 0
  }
  return stamps
}

function wireTime(frame: CachedFrame, bitrate: number): Micros {
  return ((frame.bytes + frame.packets * OVERHEAD_BYTES) * 8 * SECOND) / bitrate
}
