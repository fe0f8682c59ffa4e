import type { Micros } from '@crossroom/media'

/** RTP clock rate of every video payload format here (RFC 6184 section 8.2.1 and its siblings). */
export const VIDEO_CLOCK_RATE = 90_000
/** RTP clock rate of Opus whatever its real sampling rate is (RFC 7587 section 4.1). */
export const OPUS_CLOCK_RATE = 48_000

/**
 * The 32-bit RTP timestamp of `time` on a clock of `clockRate` Hz (a multiple of 1000) that was 0 at time 0. Exact up to about
 * three years: the product stays below 2^53.
 */
export function rtpTimestampFromMicros(time: Micros, clockRate: number): number {
  const ticks = Math.round((time * (clockRate / 1000)) / 1000)
  return ((ticks % 0x1_0000_0000) + 0x1_0000_0000) % 0x1_0000_0000
}

/** The duration of `ticks` of a clock of `clockRate` Hz. */
export function microsFromRtpTicks(ticks: number, clockRate: number): Micros {
  return Math.round((ticks * 1000) / (clockRate / 1000))
}
