import type { VideoConfig } from '@crossroom/media'
import type { PlayerNeeds } from '../../../hub/index.js'

/**
 * The kinds of browsers there are: those with H.264, those without, those that take H.265 or AV1 as it was published, and the sound alone for
 * any; and players that know packetization mode 0 of H.264 only.
 */
export type PlayableKind =
  'webrtc-h264' | 'webrtc-h264-slices' | 'webrtc-vp8' | 'webrtc-h265' | 'webrtc-av1' | 'webrtc-audio'

/** The needs of each kind of browser. RTP carries no decoding times. */
export const WEBRTC_NEEDS: Readonly<Record<PlayableKind, PlayerNeeds>> = {
  'webrtc-h264': { name: 'webrtc-h264', audio: ['opus'], video: ['h264'], reordered: false },
  'webrtc-h264-slices': {
    ...{ name: 'webrtc-h264-slices', audio: ['opus'], video: ['h264'], reordered: false },
    isInSlices: true,
  },
  'webrtc-vp8': { name: 'webrtc-vp8', audio: ['opus'], video: ['vp8'], reordered: false },
  'webrtc-h265': { name: 'webrtc-h265', audio: ['opus'], video: ['h265', 'h264'], reordered: false },
  'webrtc-av1': { name: 'webrtc-av1', audio: ['opus'], video: ['av1', 'h264'], reordered: false },
  'webrtc-audio': { name: 'webrtc-audio', audio: ['opus'], video: [], reordered: true },
}

/** general_profile_idc of Main, in the second byte of hvcC (ISO/IEC 14496-15 section 8.3.2.1). */
const MAIN_PROFILE = 1
const PROFILE_BITS = 0x1f
/** seq_profile and high_bitdepth in av1C ("AV1 Codec ISO Media File Format Binding" section 2.3). */
const SEQ_PROFILE_BITS = 0xe0
const HIGH_BIT_DEPTH = 0x40

/**
 * The kind of browser that takes pictures of this config unchanged although not all do, provided that it has the codec: H.265
 * of the Main profile, and AV1 with 8 bits of 4:2:0.
 */
export function unchangedKind(config: VideoConfig | undefined): 'webrtc-h265' | 'webrtc-av1' | undefined {
  if (config === undefined) return undefined
  const { codec, description } = config
  if (codec === 'h265') return ((description[1] ?? 0) & PROFILE_BITS) === MAIN_PROFILE ? 'webrtc-h265' : undefined
  if (codec !== 'av1' || description.length < 3) return undefined
  const isMain = (description[1]! & SEQ_PROFILE_BITS) === 0 && (description[2]! & HIGH_BIT_DEPTH) === 0
  return isMain ? 'webrtc-av1' : undefined
}
