import type { PlayerNeeds } from '../../../hub/index.js'

/**
 * The two kinds of browsers there are, those with H.264 and those without, and the sound alone for either; and players that know
 * packetization mode 0 of H.264 only.
 */
export type PlayableKind = 'webrtc-h264' | 'webrtc-h264-slices' | 'webrtc-vp8' | 'webrtc-audio'

/** The needs of each kind of browser. RTP carries no decoding times. */
export const WEBRTC_NEEDS: Readonly<Record<PlayableKind, PlayerNeeds>> = {
  'webrtc-h264': { name: 'webrtc-h264', audio: ['opus'], video: ['h264'], reordered: false },
  'webrtc-h264-slices': {
    ...{ name: 'webrtc-h264-slices', audio: ['opus'], video: ['h264'], reordered: false },
    isInSlices: true,
  },
  'webrtc-vp8': { name: 'webrtc-vp8', audio: ['opus'], video: ['vp8'], reordered: false },
  'webrtc-audio': { name: 'webrtc-audio', audio: ['opus'], video: [], reordered: true },
}
