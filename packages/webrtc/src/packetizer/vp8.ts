import type { VideoConfig, VideoFrame } from '@crossroom/media'
import type { Packetizer } from './packetizer.js'
import { MAX_RTP_PAYLOAD, type PayloadBuffer } from './payload-buffer.js'

const DESCRIPTOR_LENGTH = 1
/** N: no other frame refers to this one. */
const NON_REFERENCE = 0x20
/** S with PID 0: here the frame's first partition begins. */
const START_OF_FRAME = 0x10

/**
 * VP8 (RFC 7741) with the one-byte descriptor. No picture id: each viewer has gapless sequence numbers, and a receiver
 * with picture ids would wait for frames that were skipped for that viewer.
 */
export class Vp8Packetizer implements Packetizer<VideoConfig> {
  readonly #maxPayload: number

  constructor(maxPayload: number = MAX_RTP_PAYLOAD) {
    this.#maxPayload = maxPayload
  }

  packetize(frame: VideoFrame, out: PayloadBuffer): boolean {
    out.clear()
    const data = frame.units[0]
    if (data === undefined || data.length === 0) return false
    const step = this.#maxPayload - DESCRIPTOR_LENGTH
    for (let from = 0; from < data.length; from += step) {
      const to = Math.min(from + step, data.length)
      if (!out.reserve(DESCRIPTOR_LENGTH + to - from)) {
        out.clear()
        return false
      }
      const start = out.byteLength
      out.bytes[start] = (frame.droppable ? NON_REFERENCE : 0) | (from === 0 ? START_OF_FRAME : 0)
      out.bytes.set(data.subarray(from, to), start + DESCRIPTOR_LENGTH)
      out.finishPacket(start + DESCRIPTOR_LENGTH + to - from)
    }
    return true
  }
}
