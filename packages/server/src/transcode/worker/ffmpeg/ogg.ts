import { buildOpusHead, type AudioConfig } from '@crossroom/media'

/** Ogg (RFC 3533) with one Opus packet a page (RFC 7845): how ffmpeg takes and gives Opus through a pipe. */

const HEADER_LENGTH = 27
const MAX_SEGMENTS = 255
const SERIAL = 1
const BEGIN_OF_STREAM = 2
/** OpusHead and OpusTags. */
const HEAD_PACKETS = 2

/** Writes Opus packets as an Ogg stream. */
export class OggWriter {
  #sequence = 0

  /** What the stream begins with. Nothing is skipped: in the middle of a stream there is no start to leave out. */
  head(config: AudioConfig): Uint8Array {
    const head = buildOpusHead({ channels: config.channels, preSkip: 0, inputSampleRate: 48_000 })
    const tags = Buffer.concat([Buffer.from('OpusTags'), Buffer.alloc(8)])
    return Buffer.concat([this.#page(head, 0, BEGIN_OF_STREAM), this.#page(tags, 0, 0)])
  }

  /** `end`: samples at 48 kHz up to the end of this packet. */
  packet(bytes: Uint8Array, end: number): Uint8Array {
    return this.#page(bytes, end, 0)
  }

  #page(packet: Uint8Array, granule: number, flags: number): Uint8Array {
    const whole = Math.floor(packet.length / MAX_SEGMENTS)
    const page = Buffer.alloc(HEADER_LENGTH + whole + 1 + packet.length)
    page.write('OggS')
    page[5] = flags
    page.writeBigUInt64LE(BigInt(granule), 6)
    page.writeUInt32LE(SERIAL, 14)
    page.writeUInt32LE(this.#sequence++, 18)
    page[26] = whole + 1
    page.fill(255, HEADER_LENGTH, HEADER_LENGTH + whole)
    page[HEADER_LENGTH + whole] = packet.length % MAX_SEGMENTS
    page.set(packet, HEADER_LENGTH + whole + 1)
    page.writeUInt32LE(checksum(page), 22)
    return page
  }
}

/** Cuts an Ogg stream into its packets; those of the head are left out. */
export class OggReader {
  readonly #handle: (packet: Uint8Array) => void
  #bytes: Buffer = Buffer.alloc(0)
  #packets = 0

  constructor(handle: (packet: Uint8Array) => void) {
    this.#handle = handle
  }

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    while (this.#readPage());
  }

  #readPage(): boolean {
    const bytes = this.#bytes
    if (bytes.length < HEADER_LENGTH) return false
    const segments = bytes[26]!
    const start = HEADER_LENGTH + segments
    if (bytes.length < start) return false
    let length = 0
    for (let index = 0; index < segments; index++) length += bytes[HEADER_LENGTH + index]!
    if (bytes.length < start + length) return false
    this.#readPackets(bytes.subarray(HEADER_LENGTH, start), bytes.subarray(start, start + length))
    this.#bytes = bytes.subarray(start + length)
    return true
  }

  #readPackets(lacing: Buffer, body: Buffer): void {
    let [start, end] = [0, 0]
    for (const segment of lacing) {
      end += segment
      if (segment === MAX_SEGMENTS) continue
      if (this.#packets++ >= HEAD_PACKETS) this.#handle(new Uint8Array(body.subarray(start, end)))
      start = end
    }
  }
}

/** CRC-32 of Ogg: polynomial 0x04c11db7, not reflected, from 0. */
function checksum(bytes: Uint8Array): number {
  let crc = 0
  for (let index = 0; index < bytes.length; index++) {
    crc = ((crc << 8) ^ CRC_TABLE[((crc >>> 24) ^ bytes[index]!) & 255]!) >>> 0
  }
  return crc
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  return crc >>> 0
})
