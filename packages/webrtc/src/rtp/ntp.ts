import type { Micros } from '@crossroom/media'

/**
 * A time in NTP's 64-bit format (RFC 3550 section 4): seconds since 1900 and 2^-32 seconds. Kept as two numbers, because 64 bits
 * do not fit one.
 */
export interface NtpTime {
  readonly seconds: number
  readonly fraction: number
}

const MICROS_PER_SECOND = 1_000_000
const FRACTIONS_PER_MICRO = 0x1_0000_0000 / MICROS_PER_SECOND

/**
 * Converts `time` to NTP format. Any epoch will do as long as every stream of a session uses the same: receivers use
 * sender reports only to relate streams to each other. Seconds wrap at 2^32 as on the wire.
 */
export function ntpFromMicros(time: Micros): NtpTime {
  const seconds = Math.floor(time / MICROS_PER_SECOND)
  const fraction = Math.round((time - seconds * MICROS_PER_SECOND) * FRACTIONS_PER_MICRO)
  return { seconds: seconds >>> 0, fraction: Math.min(fraction, 0xffff_ffff) }
}

/** The inverse of `ntpFromMicros`, exact to half a microsecond. */
export function microsFromNtp(time: NtpTime): Micros {
  return time.seconds * MICROS_PER_SECOND + Math.round(time.fraction / FRACTIONS_PER_MICRO)
}

/** The middle 32 bits, in units of 2^-16 seconds: the LSR field of report blocks (RFC 3550 section 6.4.1). */
export function compactNtp(time: NtpTime): number {
  return (((time.seconds & 0xffff) << 16) | (time.fraction >>> 16)) >>> 0
}

/** A duration in units of 2^-16 seconds (DLSR, compact NTP differences) as microseconds. */
export function microsFromCompactNtp(units: number): Micros {
  return Math.round((units * MICROS_PER_SECOND) / 0x1_0000)
}

/** A duration as units of 2^-16 seconds, held at 32 bits (about 18 hours). */
export function compactNtpFromMicros(duration: Micros): number {
  return Math.min(Math.max(Math.round((duration * 0x1_0000) / MICROS_PER_SECOND), 0), 0xffff_ffff)
}
