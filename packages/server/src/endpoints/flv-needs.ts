import type { PlayerNeeds } from '../hub/index.js'

/**
 * What players of FLV and RTMP take. FLV in is FLV out, byte for byte, whatever its codecs: an encoder that sends Opus by
 * RTMP has players for it. No player takes the sound of old cameras any more.
 */
export const FLV_NEEDS: PlayerNeeds = {
  ...{ name: 'flv', audio: ['aac', 'mp3'], video: ['h264', 'h265'], reordered: true },
  ofFlv: {
    name: 'flv-native',
    audio: ['aac', 'mp3', 'opus'],
    video: ['h264', 'h265', 'vp8', 'vp9', 'av1'],
    reordered: true,
  },
}
