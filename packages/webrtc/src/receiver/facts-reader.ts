import { readUint16, readUint24, readUint32, type Micros } from '@crossroom/media'
import {
  elementLength,
  elementOffset,
  findHeaderExtension,
  microsFromAbsSendTime,
  parseHeaderExtensions,
  type HeaderExtensionIds,
  type HeaderExtensions,
} from '../rtp/extensions.js'
import type { RtpHeader } from '../rtp/header.js'
import { microsFromNtp } from '../rtp/ntp.js'
import { ABSENT, type PacketFacts } from './packet-ring.js'

/**
 * Reads what the receiver wants of each packet's header extensions into its own fields, without an object per packet. What
 * names the stream (mid, rid) is read only while the SSRC is unknown.
 */
export class FactsReader implements PacketFacts {
  orientation = ABSENT
  audioLevel = ABSENT
  captureNtp: Micros = ABSENT
  transportSequence = ABSENT
  absSendTime: Micros = ABSENT
  #ids: HeaderExtensionIds = {}

  setExtensions(ids: HeaderExtensionIds): void {
    this.#ids = ids
  }

  read(packet: Uint8Array, header: RtpHeader): void {
    const ids = this.#ids
    const sequence = this.#find(packet, header, ids.transportSequence, 2)
    this.transportSequence = sequence < 0 ? ABSENT : readUint16(packet, sequence)
    const sendTime = this.#find(packet, header, ids.absSendTime, 3)
    this.absSendTime = sendTime < 0 ? ABSENT : microsFromAbsSendTime(readUint24(packet, sendTime))
    const orientation = this.#find(packet, header, ids.videoOrientation, 1)
    this.orientation = orientation < 0 ? ABSENT : (packet[orientation]! & 3) * 90
    const level = this.#find(packet, header, ids.audioLevel, 1)
    this.audioLevel = level < 0 ? ABSENT : packet[level]! & 0x7f
    const capture = this.#find(packet, header, ids.absCaptureTime, 8)
    this.captureNtp = capture < 0 ? ABSENT : readNtp(packet, capture)
  }

  /** Which stream a packet belongs to. */
  identify(packet: Uint8Array, header: RtpHeader): HeaderExtensions {
    return parseHeaderExtensions(packet, header, this.#ids)
  }

  /** Offset of an element that has at least `length` bytes, else −1. */
  #find(packet: Uint8Array, header: RtpHeader, id: number | undefined, length: number): number {
    if (id === undefined || header.extensionLength === 0) return -1
    const place = findHeaderExtension(packet, header, id)
    return place === 0 || elementLength(place) < length ? -1 : elementOffset(place)
  }
}

function readNtp(bytes: Uint8Array, offset: number): Micros {
  return microsFromNtp({ seconds: readUint32(bytes, offset), fraction: readUint32(bytes, offset + 4) })
}
