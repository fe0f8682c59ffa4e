import { writeUint24, type AudioConfig, type AudioFrame } from '@crossroom/media'
import { OPUS_CLOCK_RATE, rtpTimestampFromMicros } from '../rtp/timestamp.js'
import type { Packetizer } from './packetizer.js'
import { MAX_RTP_PAYLOAD, type PayloadBuffer } from './payload-buffer.js'

const FOLLOWS = 0x80
const REDUNDANT_HEADER_LENGTH = 4
const PRIMARY_HEADER_LENGTH = 1
/** The block length has 10 bits, the timestamp offset 14: 341 ms at 48 kHz. */
const MAX_BLOCK_LENGTH = 0x3ff
const MAX_TIMESTAMP_OFFSET = 0x3fff

/** Frames repeated in each packet: with two, 30 % of loss leaves 3 % of the sound missing instead of 9. */
const DISTANCE = 2

/** A frame that was sent before. */
interface SentFrame {
  readonly payload: Uint8Array
  readonly timestamp: number
}

/**
 * Redundant audio (RFC 2198): each packet carries its frame and the two before, so that losses of one or two packets cost
 * nothing, at the price of the audio bitrate. The payload names the inner payload type: one packetizer per inner number,
 * which is the same (111) for every browser we know.
 */
export class RedPacketizer implements Packetizer<AudioConfig> {
  readonly #payloadType: number
  /** Oldest first. */
  readonly #sent: SentFrame[] = []

  /** `payloadType`: the number that Opus has in the receivers' SDP. */
  constructor(payloadType: number) {
    this.#payloadType = payloadType
  }

  packetize(frame: AudioFrame, out: PayloadBuffer): boolean {
    out.clear()
    const primary = frame.units[0]
    if (primary === undefined || primary.length === 0 || primary.length + PRIMARY_HEADER_LENGTH > MAX_RTP_PAYLOAD) {
      return false
    }
    const timestamp = rtpTimestampFromMicros(frame.pts, OPUS_CLOCK_RATE)
    out.reserve(MAX_RTP_PAYLOAD)
    const first = this.#firstThatFits(timestamp, primary.length)
    let offset = 0
    for (let index = first; index < this.#sent.length; index++) {
      const { payload, timestamp: before } = this.#sent[index]!
      out.bytes[offset] = FOLLOWS | this.#payloadType
      offset = writeUint24((((timestamp - before) >>> 0) << 10) | payload.length, out.bytes, offset + 1)
    }
    out.bytes[offset++] = this.#payloadType
    for (let index = first; index < this.#sent.length; index++) {
      const { payload } = this.#sent[index]!
      out.bytes.set(payload, offset)
      offset += payload.length
    }
    out.bytes.set(primary, offset)
    out.finishPacket(offset + primary.length)
    this.#sent.push({ payload: primary, timestamp })
    if (this.#sent.length > DISTANCE) this.#sent.shift()
    return true
  }

  /** Blocks go from the oldest to the newest, so what does not fit is left out from the old end. */
  #firstThatFits(timestamp: number, primaryLength: number): number {
    let length = PRIMARY_HEADER_LENGTH + primaryLength
    let first = this.#sent.length
    while (first > 0) {
      const { payload, timestamp: before } = this.#sent[first - 1]!
      const timestampOffset = (timestamp - before) >>> 0
      length += REDUNDANT_HEADER_LENGTH + payload.length
      const isNear = timestampOffset > 0 && timestampOffset <= MAX_TIMESTAMP_OFFSET
      if (!isNear || payload.length > MAX_BLOCK_LENGTH || length > MAX_RTP_PAYLOAD) break
      first--
    }
    return first
  }
}
