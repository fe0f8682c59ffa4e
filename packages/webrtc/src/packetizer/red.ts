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

/**
 * Redundant audio (RFC 2198): each packet carries its frame and the one before, so that a single loss costs nothing, at the
 * price of the audio bitrate. The payload names the inner payload type: one packetizer per inner number, which is the
 * same (111) for every browser we know.
 */
export class RedPacketizer implements Packetizer<AudioConfig> {
  readonly #payloadType: number
  #previous: Uint8Array | undefined
  #previousTimestamp = 0

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
    const redundant = this.#redundantFor(timestamp, primary.length)
    let offset = 0
    if (redundant !== undefined) {
      out.bytes[offset] = FOLLOWS | this.#payloadType
      const timestampOffset = (timestamp - this.#previousTimestamp) >>> 0
      offset = writeUint24((timestampOffset << 10) | redundant.length, out.bytes, offset + 1)
    }
    out.bytes[offset++] = this.#payloadType
    if (redundant !== undefined) {
      out.bytes.set(redundant, offset)
      offset += redundant.length
    }
    out.bytes.set(primary, offset)
    out.finishPacket(offset + primary.length)
    this.#previous = primary
    this.#previousTimestamp = timestamp
    return true
  }

  /** The previous frame if it may travel with one of `primaryLength` bytes at `timestamp`. */
  #redundantFor(timestamp: number, primaryLength: number): Uint8Array | undefined {
    const previous = this.#previous
    if (previous === undefined || previous.length > MAX_BLOCK_LENGTH) return undefined
    const timestampOffset = (timestamp - this.#previousTimestamp) >>> 0
    if (timestampOffset === 0 || timestampOffset > MAX_TIMESTAMP_OFFSET) return undefined
    const length = REDUNDANT_HEADER_LENGTH + PRIMARY_HEADER_LENGTH + previous.length + primaryLength
    return length > MAX_RTP_PAYLOAD ? undefined : previous
  }
}
