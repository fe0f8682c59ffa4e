import {
  readUint16,
  readUint24,
  readUint32,
  writeUint16,
  writeUint24,
  writeUint32,
  type Micros,
  type Orientation,
} from '@crossroom/media'
import type { RtpHeader } from './header.js'
import type { NtpTime } from './ntp.js'

/** The header extensions we understand, with the URIs that SDP `extmap` lines name them by. */
export const HEADER_EXTENSION_URIS = {
  /** RFC 9143 section 15.2 */
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  /** RFC 8852 section 3.1 */
  rid: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  /** RFC 8852 section 3.2: the rid of the stream that an RTX stream repairs */
  repairedRid: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  absSendTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  /** draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2 */
  transportSequence: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  playoutDelay: 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  absCaptureTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
  /** 3GPP TS 26.114 section 7.4.5 */
  videoOrientation: 'urn:3gpp:video-orientation',
  /** RFC 6464 */
  audioLevel: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
} as const

export type HeaderExtensionName = keyof typeof HEADER_EXTENSION_URIS

/** The negotiated ids (1–14, or up to 255 where both sides allow mixed headers) of one m-section. */
export type HeaderExtensionIds = Readonly<Partial<Record<HeaderExtensionName, number>>>

/** Values of header extensions in product units. */
export interface HeaderExtensions {
  mid?: string
  rid?: string
  repairedRid?: string
  /** Sender's clock modulo 64 s, steps of about 3.8 µs. */
  absSendTime?: Micros
  transportSequence?: number
  /** Bounds for the receiver's playout buffer, in steps of 10 ms up to 40.95 s. */
  playoutDelay?: { readonly min: Micros; readonly max: Micros }
  absCaptureTime?: NtpTime
  videoOrientation?: Orientation
  /** −dBov, 0 (loudest) to 127 (silence). */
  audioLevel?: number
  /** The V bit of the audio level: the sender detects speech. */
  voiceActivity?: boolean
}

/** "Defined by profile" value of one-byte elements (RFC 8285 section 4.2). */
const ONE_BYTE_PROFILE = 0xbede
/** Profile of two-byte elements (section 4.3); the low 4 bits are application bits. */
const TWO_BYTE_PROFILE = 0x1000
/** One-byte elements carry ids up to 14; 15 stops the parsing. */
const LAST_ONE_BYTE_ID = 14

const NOT_FOUND = 0

/**
 * Finds the element `id` in the packet's header extension (RFC 8285). Returns its place packed as `offset << 8 | length`, ready
 * for `elementOffset` and `elementLength`; 0 when absent or when the elements reach past the block. Without allocation.
 */
export function findHeaderExtension(packet: Uint8Array, header: RtpHeader, id: number): number {
  const oneByte = header.extensionProfile === ONE_BYTE_PROFILE
  if (!oneByte && (header.extensionProfile & 0xfff0) !== TWO_BYTE_PROFILE) return NOT_FOUND
  const end = header.extensionOffset + header.extensionLength
  let offset = header.extensionOffset
  while (offset < end) {
    const first = packet[offset]!
    if (first === 0) {
      offset++ // padding
      continue
    }
    let elementId = first
    let length: number
    if (oneByte) {
      elementId = first >> 4
      if (elementId > LAST_ONE_BYTE_ID) return NOT_FOUND
      length = (first & 0x0f) + 1
      offset += 1
    } else {
      if (offset + 1 >= end) return NOT_FOUND
      length = packet[offset + 1]!
      offset += 2
    }
    if (offset + length > end) return NOT_FOUND
    if (elementId === id) return (offset << 8) | length
    offset += length
  }
  return NOT_FOUND
}

export function elementOffset(place: number): number {
  return place >>> 8
}

export function elementLength(place: number): number {
  return place & 0xff
}

/** The transport-wide sequence number of a packet (draft-holmer section 2), −1 without one. The hot path of every receiver. */
export function readTransportSequence(packet: Uint8Array, header: RtpHeader, id: number | undefined): number {
  const place = id === undefined ? NOT_FOUND : findHeaderExtension(packet, header, id)
  return elementLength(place) < 2 ? -1 : readUint16(packet, elementOffset(place))
}

/** Reads every negotiated extension of a packet; absent and malformed ones stay undefined. */
export function parseHeaderExtensions(
  packet: Uint8Array,
  header: RtpHeader,
  ids: HeaderExtensionIds,
): HeaderExtensions {
  const values: HeaderExtensions = {}
  if (header.extensionLength === 0) return values
  for (const name of HEADER_EXTENSION_NAMES) {
    const id = ids[name]
    const place = id === undefined ? NOT_FOUND : findHeaderExtension(packet, header, id)
    if (place !== NOT_FOUND) READERS[name](values, packet, elementOffset(place), elementLength(place))
  }
  return values
}

type Reader = (into: HeaderExtensions, bytes: Uint8Array, offset: number, length: number) => void

const HEADER_EXTENSION_NAMES = Object.keys(HEADER_EXTENSION_URIS) as HeaderExtensionName[]

const READERS: Readonly<Record<HeaderExtensionName, Reader>> = {
  mid: (into, bytes, offset, length) => {
    const token = readToken(bytes, offset, length)
    if (token !== undefined) into.mid = token
  },
  rid: (into, bytes, offset, length) => {
    const token = readToken(bytes, offset, length)
    if (token !== undefined) into.rid = token
  },
  repairedRid: (into, bytes, offset, length) => {
    const token = readToken(bytes, offset, length)
    if (token !== undefined) into.repairedRid = token
  },
  absSendTime: (into, bytes, offset, length) => {
    if (length >= 3) into.absSendTime = microsFromAbsSendTime(readUint24(bytes, offset))
  },
  transportSequence: (into, bytes, offset, length) => {
    if (length >= 2) into.transportSequence = readUint16(bytes, offset)
  },
  playoutDelay: (into, bytes, offset, length) => {
    if (length < 3) return
    const bits = readUint24(bytes, offset)
    into.playoutDelay = { min: (bits >>> 12) * PLAYOUT_DELAY_STEP, max: (bits & 0xfff) * PLAYOUT_DELAY_STEP }
  },
  absCaptureTime: (into, bytes, offset, length) => {
    if (length < 8) return
    into.absCaptureTime = { seconds: readUint32(bytes, offset), fraction: readUint32(bytes, offset + 4) }
  },
  videoOrientation: (into, bytes, offset, length) => {
    if (length >= 1) into.videoOrientation = ((bytes[offset]! & 0x03) * 90) as Orientation
  },
  audioLevel: (into, bytes, offset, length) => {
    if (length < 1) return
    into.audioLevel = bytes[offset]! & 0x7f
    into.voiceActivity = (bytes[offset]! & 0x80) !== 0
  },
}

/** Playout delay counts in 10 ms. */
const PLAYOUT_DELAY_STEP: Micros = 10_000
const PLAYOUT_DELAY_MAX_STEPS = 0xfff

/** Abs-send-time is 6.18 fixed point seconds: 2^18 steps a second. */
const ABS_SEND_TIME_STEPS = 0x4_0000

/** Microseconds (0 … 64 s) of a 24-bit abs-send-time value. */
export function microsFromAbsSendTime(value: number): Micros {
  return Math.round((value * 1_000_000) / ABS_SEND_TIME_STEPS)
}

/** The 24-bit abs-send-time value of a clock reading. */
export function absSendTimeFromMicros(time: Micros): number {
  const withinCycle = time % 64_000_000
  return Math.round((withinCycle * ABS_SEND_TIME_STEPS) / 1_000_000) & 0xff_ffff
}

/** Longest mid or rid that is read; RFC 8852 section 3 asks for "short", RFC 9143 section 5.1 for at most 3 bytes. */
const MAX_TOKEN_LENGTH = 32

/** An SDES item value as text; undefined if it is not visible ASCII, because mid and rid are SDP tokens. */
function readToken(bytes: Uint8Array, offset: number, length: number): string | undefined {
  if (length === 0 || length > MAX_TOKEN_LENGTH) return undefined
  let text = ''
  for (let index = 0; index < length; index++) {
    const code = bytes[offset + index]!
    if (code <= 0x20 || code >= 0x7f) return undefined
    text += String.fromCharCode(code)
  }
  return text
}

function elementByteLength(name: HeaderExtensionName, values: HeaderExtensions): number {
  switch (name) {
    case 'mid':
      return values.mid?.length ?? 0
    case 'rid':
      return values.rid?.length ?? 0
    case 'repairedRid':
      return values.repairedRid?.length ?? 0
    case 'absSendTime':
      return values.absSendTime === undefined ? 0 : 3
    case 'transportSequence':
      return values.transportSequence === undefined ? 0 : 2
    case 'playoutDelay':
      return values.playoutDelay === undefined ? 0 : 3
    case 'absCaptureTime':
      return values.absCaptureTime === undefined ? 0 : 8
    case 'videoOrientation':
      return values.videoOrientation === undefined ? 0 : 1
    case 'audioLevel':
      return values.audioLevel === undefined ? 0 : 1
  }
}

/** Two-byte elements are needed for ids above 14 and values over 16 bytes (RFC 8285 section 4.2). */
function needsTwoByteElements(values: HeaderExtensions, ids: HeaderExtensionIds): boolean {
  return HEADER_EXTENSION_NAMES.some((name) => {
    const id = ids[name]
    const length = elementByteLength(name, values)
    return id !== undefined && length > 0 && (id > LAST_ONE_BYTE_ID || length > 16)
  })
}

/** Bytes of the whole extension block (4 + elements, padded to 32 bits); 0 when nothing of `values` was negotiated. */
export function byteLengthOfHeaderExtensions(values: HeaderExtensions, ids: HeaderExtensionIds): number {
  const prefix = needsTwoByteElements(values, ids) ? 2 : 1
  let length = 0
  for (const name of HEADER_EXTENSION_NAMES) {
    const valueLength = ids[name] === undefined ? 0 : elementByteLength(name, values)
    if (valueLength > 0) length += prefix + valueLength
  }
  return length === 0 ? 0 : 4 + ((length + 3) & ~3)
}

/**
 * Writes the extension block (RFC 8285) that follows a header written with `hasExtension`; returns the offset behind it.
 * Writes nothing when `byteLengthOfHeaderExtensions` is 0.
 */
export function writeHeaderExtensions(
  values: HeaderExtensions,
  ids: HeaderExtensionIds,
  out: Uint8Array,
  offset: number,
): number {
  const blockLength = byteLengthOfHeaderExtensions(values, ids)
  if (blockLength === 0) return offset
  const twoByte = needsTwoByteElements(values, ids)
  const end = offset + blockLength
  writeUint16(twoByte ? TWO_BYTE_PROFILE : ONE_BYTE_PROFILE, out, offset)
  writeUint16((blockLength - 4) >>> 2, out, offset + 2)
  let position = offset + 4
  for (const name of HEADER_EXTENSION_NAMES) {
    const id = ids[name]
    const length = elementByteLength(name, values)
    if (id === undefined || length === 0) continue
    if (twoByte) {
      out[position] = id
      out[position + 1] = length
      position += 2
    } else {
      out[position++] = (id << 4) | (length - 1)
    }
    position = writeElement(name, values, out, position)
  }
  out.fill(0, position, end)
  return end
}

function writeElement(name: HeaderExtensionName, values: HeaderExtensions, out: Uint8Array, offset: number): number {
  switch (name) {
    case 'mid':
      return writeToken(values.mid!, out, offset)
    case 'rid':
      return writeToken(values.rid!, out, offset)
    case 'repairedRid':
      return writeToken(values.repairedRid!, out, offset)
    case 'absSendTime':
      return writeUint24(absSendTimeFromMicros(values.absSendTime!), out, offset)
    case 'transportSequence':
      return writeUint16(values.transportSequence!, out, offset)
    case 'playoutDelay':
      return writeUint24(
        (playoutDelaySteps(values.playoutDelay!.min) << 12) | playoutDelaySteps(values.playoutDelay!.max),
        out,
        offset,
      )
    case 'absCaptureTime':
      return writeUint32(values.absCaptureTime!.fraction, out, writeUint32(values.absCaptureTime!.seconds, out, offset))
    case 'videoOrientation':
      out[offset] = values.videoOrientation! / 90
      return offset + 1
    case 'audioLevel':
      out[offset] = (values.voiceActivity === true ? 0x80 : 0) | (values.audioLevel! & 0x7f)
      return offset + 1
  }
}

function playoutDelaySteps(delay: Micros): number {
  return Math.min(Math.max(Math.round(delay / PLAYOUT_DELAY_STEP), 0), PLAYOUT_DELAY_MAX_STEPS)
}

function writeToken(token: string, out: Uint8Array, offset: number): number {
  for (let index = 0; index < token.length; index++) out[offset + index] = token.charCodeAt(index)
  return offset + token.length
}
