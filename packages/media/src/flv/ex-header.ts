import { readUint16, readUint24, readUint32 } from '../bytes/big-endian.js'
import { MultitrackType } from './codec-ids.js'

/** The packet type ModEx has the same number for audio and video. */
const MOD_EX = 7
/** The track that a receiver without multitrack support plays. */
const DEFAULT_TRACK = 0

/**
 * The common part of ExVideoTagHeader and ExAudioTagHeader (Enhanced RTMP v2): packet type, ModEx prefixes, FourCC,
 * multitrack. One object is filled again for every tag.
 */
export class ExHeader {
  /** The packet type of the track that is delivered. */
  packetType = 0
  fourCc = 0
  /** The body of the default track: `bytes[offset, end)`. */
  offset = 0
  end = 0
  /** False when a multitrack tag holds other tracks only. */
  hasDefaultTrack = true
  /** Tracks in this tag that are not delivered. */
  otherTracks = 0

  /** Reads the packet type behind any number of ModEx prefixes, whose content (nanosecond offsets) is passed over. */
  parsePacketType(body: Uint8Array): boolean {
    this.packetType = body[0]! & 0x0f
    this.offset = 1
    this.end = body.length
    this.hasDefaultTrack = true
    this.otherTracks = 0
    while (this.packetType === MOD_EX) {
      let size = (body[this.offset] ?? 0) + 1
      this.offset += 1
      if (size === 256) {
        if (this.offset + 2 > body.length) return false
        size = readUint16(body, this.offset) + 1
        this.offset += 2
      }
      this.offset += size
      if (this.offset >= body.length) return false
      this.packetType = body[this.offset]! & 0x0f
      this.offset += 1
    }
    return true
  }

  /** Reads the FourCC, and of a multitrack tag where the default track lies. `multitrack` is the packet type that says so. */
  parseTracks(body: Uint8Array, multitrack: number): boolean {
    if (this.packetType === multitrack) return this.#parseMultitrack(body, multitrack)
    return this.#parseFourCc(body)
  }

  #parseFourCc(body: Uint8Array): boolean {
    if (this.offset + 4 > body.length) return false
    this.fourCc = readUint32(body, this.offset)
    this.offset += 4
    return true
  }

  #parseMultitrack(body: Uint8Array, multitrack: number): boolean {
    if (this.offset >= body.length) return false
    const type = body[this.offset]! >> 4
    this.packetType = body[this.offset]! & 0x0f
    this.offset += 1
    if (this.packetType === multitrack || this.packetType === MOD_EX) return false
    if (type > MultitrackType.manyTracksManyCodecs) return false
    if (type !== MultitrackType.manyTracksManyCodecs && !this.#parseFourCc(body)) return false
    return this.#findDefaultTrack(body, type)
  }

  #findDefaultTrack(body: Uint8Array, type: number): boolean {
    let found = false
    let [fourCc, start, end] = [this.fourCc, 0, 0]
    while (this.offset < body.length) {
      if (type === MultitrackType.manyTracksManyCodecs && !this.#parseFourCc(body)) return false
      const headLength = type === MultitrackType.oneTrack ? 1 : 4
      if (this.offset + headLength > body.length) return false
      const trackId = body[this.offset]!
      const rest = body.length - this.offset - headLength
      const size = type === MultitrackType.oneTrack ? rest : readUint24(body, this.offset + 1)
      if (size > rest) return false
      this.offset += headLength
      if (trackId === DEFAULT_TRACK && !found) {
        found = true
        fourCc = this.fourCc
        start = this.offset
        end = this.offset + size
      } else this.otherTracks += 1
      this.offset += size
    }
    this.hasDefaultTrack = found
    this.fourCc = fourCc
    this.offset = start
    this.end = end
    return true
  }
}
