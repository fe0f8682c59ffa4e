/** Frames larger than this are refused, as in FLV: 4 MiB (threat W9). */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024

/** Packets of one frame: 2048 × 1200 bytes is 2.4 MB, more than any keyframe of a live stream (threat W9). */
export const MAX_PACKETS_PER_FRAME = 2048

/** NAL units of one frame, as in FLV and MP4. */
export const MAX_UNITS_PER_FRAME = 512

/** The frame assembled from the packets of one RTP timestamp. */
export interface DepacketizedFrame {
  /**
   * As in `MediaFrame`: NAL units for H.264 and H.265, else one element. None when all that came were empty NAL units, which
   * some senders use as filler: nothing is lost then, there is just no picture.
   */
  readonly units: readonly Uint8Array[]
  readonly keyframe: boolean
  /** As in `MediaFrame`. */
  readonly recovery?: number | undefined
  readonly droppable: boolean
  /** Pixels of the picture, where the frame tells without being a keyframe (VP9). */
  readonly size?: { readonly width: number; readonly height: number }
}

/**
 * Puts the payloads of one frame together. The caller orders packets by sequence number, finds the frame's first and last
 * one and leaves frames with gaps out; then for each frame: `push` every payload, then `finish`.
 */
export interface Depacketizer {
  /**
   * Takes the next payload, which must stay as it is until `finish`: the frame is a copy. False when it is malformed or a limit
   * is passed: the frame is void, `finish` will say undefined.
   */
  push(payload: Uint8Array): boolean
  /** Ends the frame and begins the next one. Undefined when a part is missing, malformed or too large. */
  finish(): DepacketizedFrame | undefined
  /** Whether a frame can begin with this payload, as far as the payload tells; without touching the frame at hand. */
  startsFrame(payload: Uint8Array): boolean
  /** Whether the payload, which is not empty, says that its frame is a keyframe; one of a keyframe's payloads does. */
  isOfKeyframe(payload: Uint8Array): boolean
}
