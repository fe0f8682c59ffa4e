import { decodeUtf8 } from '../bytes/utf8.js'
import {
  Amf0Date,
  Amf0Marker,
  DATE_LENGTH,
  DEFAULT_AMF0_LIMITS,
  EcmaArray,
  LONG_LENGTH,
  NUMBER_LENGTH,
  OBJECT_END_LENGTH,
  SHORT_LENGTH,
  type Amf0Limits,
  type Amf0Object,
  type Amf0Value,
} from './value.js'

/**
 * Reads the values that stand one after the other in `bytes`, to its end (AMF 0 specification, section 2).
 * Returns undefined when the input is malformed, longer or deeper than `limits` allow, or holds a reference or AMF3.
 * Typed objects lose their class name, XML becomes its text, and a repeated key keeps its last value.
 */
export function parseAmf0Values(bytes: Uint8Array, limits: Amf0Limits = DEFAULT_AMF0_LIMITS): Amf0Value[] | undefined {
  if (bytes.length > limits.maxBytes) return undefined
  const reader = new Amf0Reader(bytes, limits)
  const values: Amf0Value[] = []
  while (!reader.atEnd) {
    const value = reader.readValue(0)
    if (reader.failed) return undefined
    values.push(value)
  }
  return values
}

/** Undefined is a value of AMF0, so a failure is told by the `failed` flag; after it nothing more is read. */
class Amf0Reader {
  failed = false
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #limits: Amf0Limits
  #offset = 0
  #nodes = 0

  constructor(bytes: Uint8Array, limits: Amf0Limits) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#limits = limits
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length
  }

  readValue(depth: number): Amf0Value {
    this.#nodes += 1
    if (this.#nodes > this.#limits.maxNodes || this.atEnd) return this.#fail()
    const marker = this.#bytes[this.#offset]!
    this.#offset += 1
    switch (marker) {
      case Amf0Marker.number:
        return this.#has(NUMBER_LENGTH) ? this.#readNumber() : this.#fail()
      case Amf0Marker.boolean:
        return this.#has(1) ? this.#bytes[this.#offset++] !== 0 : this.#fail()
      case Amf0Marker.string:
        return this.#readString(SHORT_LENGTH)
      case Amf0Marker.longString:
      case Amf0Marker.xmlDocument:
        return this.#readString(LONG_LENGTH)
      case Amf0Marker.null:
        return null
      case Amf0Marker.undefined:
      case Amf0Marker.unsupported:
        return undefined
      case Amf0Marker.date:
        return this.#has(DATE_LENGTH) ? this.#readDate() : this.#fail()
      default:
        return this.#readContainer(marker, depth + 1)
    }
  }

  #readContainer(marker: number, depth: number): Amf0Value {
    if (depth > this.#limits.maxDepth) return this.#fail()
    switch (marker) {
      case Amf0Marker.object:
        return this.#readProperties(depth, false)
      case Amf0Marker.typedObject:
        this.#readString(SHORT_LENGTH)
        return this.failed ? undefined : this.#readProperties(depth, false)
      case Amf0Marker.ecmaArray:
        // The count is a hint that encoders get wrong (librtmp and OBS write 0 or one too few): the end marker decides.
        if (!this.#has(LONG_LENGTH)) return this.#fail()
        this.#offset += LONG_LENGTH
        return new EcmaArray(this.#readProperties(depth, true))
      case Amf0Marker.strictArray:
        return this.#readStrictArray(depth)
      default:
        return this.#fail()
    }
  }

  /** `endMayBeMissing`: some encoders end `onMetaData` without the end marker; then the end of the input ends the array. */
  #readProperties(depth: number, endMayBeMissing: boolean): Amf0Object {
    const properties = Object.create(null) as Amf0Object
    while (!this.failed && !(endMayBeMissing && this.atEnd)) {
      if (this.#skipObjectEnd()) break
      const key = this.#readString(SHORT_LENGTH)
      if (this.failed) break
      const value = this.readValue(depth)
      if (!this.failed) properties[key] = value
    }
    return properties
  }

  #readStrictArray(depth: number): Amf0Value {
    if (!this.#has(LONG_LENGTH)) return this.#fail()
    const count = this.#view.getUint32(this.#offset)
    this.#offset += LONG_LENGTH
    // Every element takes at least its marker.
    if (!this.#has(count)) return this.#fail()
    const elements: Amf0Value[] = []
    for (let index = 0; index < count && !this.failed; index++) elements.push(this.readValue(depth))
    return elements
  }

  #readNumber(): number {
    const value = this.#view.getFloat64(this.#offset)
    this.#offset += NUMBER_LENGTH
    return value
  }

  #readDate(): Amf0Date {
    const epochMs = this.#readNumber()
    const timeZone = this.#view.getInt16(this.#offset)
    this.#offset += SHORT_LENGTH
    return new Amf0Date(epochMs, timeZone)
  }

  #readString(lengthSize: number): string {
    if (!this.#has(lengthSize)) return this.#fail('')
    const length = lengthSize === SHORT_LENGTH ? this.#view.getUint16(this.#offset) : this.#view.getUint32(this.#offset)
    this.#offset += lengthSize
    if (!this.#has(length)) return this.#fail('')
    const text = decodeUtf8(this.#bytes, this.#offset, this.#offset + length)
    this.#offset += length
    return text
  }

  #skipObjectEnd(): boolean {
    if (!this.#has(OBJECT_END_LENGTH)) return false
    const at = this.#offset
    const bytes = this.#bytes
    if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== Amf0Marker.objectEnd) return false
    this.#offset += OBJECT_END_LENGTH
    return true
  }

  #has(length: number): boolean {
    return length <= this.#bytes.length - this.#offset
  }

  #fail(): undefined
  #fail<Value>(stand: Value): Value
  #fail<Value>(stand?: Value): Value | undefined {
    this.failed = true
    return stand
  }
}
