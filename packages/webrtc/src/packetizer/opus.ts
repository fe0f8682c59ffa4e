import type { AudioConfig, AudioFrame } from '@crossroom/media'
import type { Packetizer } from './packetizer.js'
import { MAX_RTP_PAYLOAD, type PayloadBuffer } from './payload-buffer.js'

/** Opus: one packet is one payload (RFC 7587 section 4.2). */
export class OpusPacketizer implements Packetizer<AudioConfig> {
  packetize(frame: AudioFrame, out: PayloadBuffer): boolean {
    out.clear()
    const packet = frame.units[0]
    // The largest Opus packet of 20 ms is 1276 bytes (510 kbit/s); larger ones cannot be split and are refused.
    if (packet === undefined || packet.length === 0 || packet.length > MAX_RTP_PAYLOAD) return false
    out.reserve(packet.length)
    out.bytes.set(packet, 0)
    out.finishPacket(packet.length)
    return true
  }
}
