import type { PlayerNeeds } from '../hub/index.js'
import type { PushKind } from './address.js'

/** What targets take. The names begin with `push`, by which the demand of pushes is told from that of others. */
export const PUSH_NEEDS: Readonly<Record<PushKind, PlayerNeeds>> = {
  rtmp: { name: 'push-rtmp', audio: ['aac', 'mp3'], video: ['h264', 'h265'], reordered: true },
  whip: { name: 'push-whip', audio: ['opus'], video: ['h264'], reordered: false },
  srt: { name: 'push-srt', audio: ['aac', 'mp3'], video: ['h264', 'h265'], reordered: true },
  rtsp: { name: 'push-rtsp', audio: ['aac'], video: ['h264', 'h265'], reordered: true },
}
