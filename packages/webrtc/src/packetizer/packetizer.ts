import type { CodecConfig, MediaFrame } from '@crossroom/media'
import type { PayloadBuffer } from './payload-buffer.js'

/** Turns frames of one stream into RTP payloads. One per stream and payload format, never one per viewer. */
export interface Packetizer<Config extends CodecConfig> {
  /**
   * Replaces the content of `out` by the payloads of `frame`. False when nothing of the frame can be sent: it has no content
   * or exceeds `MAX_FRAME_PACKETS`.
   */
  packetize(frame: MediaFrame<Config>, out: PayloadBuffer): boolean
}
