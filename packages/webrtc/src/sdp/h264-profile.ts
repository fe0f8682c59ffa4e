/** Profiles of H.264 that WebRTC tells apart (RFC 6184 section 8.1, Table 5), weakest decoder first. */
export const H264_PROFILES = [
  'constrained-baseline',
  'baseline',
  'main',
  'constrained-high',
  'high',
  'high-444-predictive',
] as const

export type H264Profile = (typeof H264_PROFILES)[number]

/** The default if the parameter is absent (RFC 6184 section 8.1): Baseline at level 1, in practice 42e01f. */
const DEFAULT_PROFILE_LEVEL_ID = '42e01f'

/**
 * The profile of a `profile-level-id`: profile_idc, the constraint flags and level_idc as six hex digits. Undefined when it is
 * malformed or a profile that browsers do not have.
 */
export function h264ProfileOf(profileLevelId: string | undefined): H264Profile | undefined {
  const text = profileLevelId ?? DEFAULT_PROFILE_LEVEL_ID
  if (!/^[0-9a-fA-F]{6}$/.test(text)) return undefined
  const value = parseInt(text, 16)
  const constraints = (value >>> 8) & 0xff
  const isConstrained = (constraints & 0x40) !== 0
  switch (value >>> 16) {
    case 0x42:
      return isConstrained ? 'constrained-baseline' : 'baseline'
    case 0x4d:
      return (constraints & 0x80) !== 0 ? 'constrained-baseline' : 'main'
    case 0x58:
      return (constraints & 0xc0) === 0xc0 ? 'constrained-baseline' : undefined
    case 0x64:
      return (constraints & 0x0c) === 0x0c ? 'constrained-high' : 'high'
    case 0xf4:
      return 'high-444-predictive'
    default:
      return undefined
  }
}

/**
 * How well a payload type of the `offered` profile carries a stream of the `wanted` one: 0 is exact, then decoders of a
 * stronger profile, then weaker ones. A weaker label is no obstacle: browsers decode High under any of their labels (tried
 * with Chromium), and a stream has one profile however it is called.
 */
export function h264ProfileDistance(wanted: H264Profile, offered: H264Profile): number {
  // Decoders for 4:4:4 run in software: everything else comes first.
  if (offered === 'high-444-predictive' && wanted !== offered) return 2 * H264_PROFILES.length
  const distance = H264_PROFILES.indexOf(offered) - H264_PROFILES.indexOf(wanted)
  return distance >= 0 ? distance : H264_PROFILES.length - distance
}
