import { byteLengthOfUtf8, writeUtf8 } from '../bytes/utf8.js'
import {
  Amf0Date,
  Amf0Marker,
  DATE_LENGTH,
  EcmaArray,
  LONG_LENGTH,
  MARKER_LENGTH,
  MAX_SHORT_STRING_LENGTH,
  NUMBER_LENGTH,
  OBJECT_END_LENGTH,
  SHORT_LENGTH,
  type Amf0Object,
  type Amf0Value,
} from './value.js'

/** Bytes that `writeAmf0Value` needs for `value`. */
export function byteLengthOfAmf0Value(value: Amf0Value): number {
  if (value === null || value === undefined) return MARKER_LENGTH
  if (typeof value === 'boolean') return MARKER_LENGTH + 1
  if (typeof value === 'number') return MARKER_LENGTH + NUMBER_LENGTH
  if (typeof value === 'string') {
    const length = byteLengthOfUtf8(value)
    return MARKER_LENGTH + (length > MAX_SHORT_STRING_LENGTH ? LONG_LENGTH : SHORT_LENGTH) + length
  }
  if (value instanceof Amf0Date) return MARKER_LENGTH + DATE_LENGTH
  if (value instanceof EcmaArray) return MARKER_LENGTH + LONG_LENGTH + byteLengthOfProperties(value.properties)
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, element) => sum + byteLengthOfAmf0Value(element), MARKER_LENGTH + LONG_LENGTH)
  }
  return MARKER_LENGTH + byteLengthOfProperties(value)
}

/** Writes `value` with its marker at `offset` and returns the offset after it. A key over 65 535 bytes is a RangeError. */
export function writeAmf0Value(value: Amf0Value, out: Uint8Array, offset: number): number {
  return new Amf0Writer(out).writeValue(value, offset)
}

/** The values one after the other in a new array of exactly their size: the body of a command or data message. */
export function encodeAmf0Values(values: readonly Amf0Value[]): Uint8Array {
  let length = 0
  for (const value of values) length += byteLengthOfAmf0Value(value)
  const out = new Uint8Array(length)
  const writer = new Amf0Writer(out)
  let offset = 0
  for (const value of values) offset = writer.writeValue(value, offset)
  return out
}

function byteLengthOfProperties(properties: Amf0Object): number {
  let length = OBJECT_END_LENGTH
  for (const [key, value] of Object.entries(properties)) {
    length += SHORT_LENGTH + byteLengthOfUtf8(key) + byteLengthOfAmf0Value(value)
  }
  return length
}

class Amf0Writer {
  readonly #out: Uint8Array
  readonly #view: DataView

  constructor(out: Uint8Array) {
    this.#out = out
    this.#view = new DataView(out.buffer, out.byteOffset, out.byteLength)
  }

  writeValue(value: Amf0Value, offset: number): number {
    if (value === null) return this.#writeMarker(Amf0Marker.null, offset)
    if (value === undefined) return this.#writeMarker(Amf0Marker.undefined, offset)
    if (typeof value === 'boolean') return this.#writeBoolean(value, offset)
    if (typeof value === 'number') return this.#writeNumber(value, this.#writeMarker(Amf0Marker.number, offset))
    if (typeof value === 'string') return this.#writeString(value, offset)
    if (value instanceof Amf0Date) return this.#writeDate(value, offset)
    if (value instanceof EcmaArray) return this.#writeEcmaArray(value, offset)
    if (Array.isArray(value)) return this.#writeStrictArray(value, offset)
    return this.#writeProperties(value, this.#writeMarker(Amf0Marker.object, offset))
  }

  #writeMarker(marker: number, offset: number): number {
    this.#out[offset] = marker
    return offset + MARKER_LENGTH
  }

  #writeBoolean(value: boolean, offset: number): number {
    return this.#writeMarker(value ? 1 : 0, this.#writeMarker(Amf0Marker.boolean, offset))
  }

  #writeNumber(value: number, offset: number): number {
    this.#view.setFloat64(offset, value)
    return offset + NUMBER_LENGTH
  }

  #writeLong(value: number, offset: number): number {
    this.#view.setUint32(offset, value)
    return offset + LONG_LENGTH
  }

  #writeString(text: string, offset: number): number {
    const length = byteLengthOfUtf8(text)
    if (length <= MAX_SHORT_STRING_LENGTH) return this.#writeKey(text, this.#writeMarker(Amf0Marker.string, offset))
    return writeUtf8(text, this.#out, this.#writeLong(length, this.#writeMarker(Amf0Marker.longString, offset)))
  }

  #writeKey(key: string, offset: number): number {
    const next = writeUtf8(key, this.#out, offset + SHORT_LENGTH)
    const length = next - offset - SHORT_LENGTH
    if (length > MAX_SHORT_STRING_LENGTH) throw new RangeError(`an AMF0 key has ${length} bytes, at most 65535 fit`)
    this.#view.setUint16(offset, length)
    return next
  }

  #writeDate(date: Amf0Date, offset: number): number {
    const next = this.#writeNumber(date.epochMs, this.#writeMarker(Amf0Marker.date, offset))
    this.#view.setInt16(next, date.timeZone)
    return next + SHORT_LENGTH
  }

  #writeEcmaArray(array: EcmaArray, offset: number): number {
    const count = Object.keys(array.properties).length
    return this.#writeProperties(
      array.properties,
      this.#writeLong(count, this.#writeMarker(Amf0Marker.ecmaArray, offset)),
    )
  }

  #writeStrictArray(elements: readonly Amf0Value[], offset: number): number {
    let next = this.#writeLong(elements.length, this.#writeMarker(Amf0Marker.strictArray, offset))
    for (const element of elements) next = this.writeValue(element, next)
    return next
  }

  #writeProperties(properties: Amf0Object, offset: number): number {
    let next = offset
    for (const [key, value] of Object.entries(properties)) next = this.writeValue(value, this.#writeKey(key, next))
    this.#view.setUint16(next, 0)
    return this.#writeMarker(Amf0Marker.objectEnd, next + SHORT_LENGTH)
  }
}
