/** Anything AMF0 can say (AMF 0 specification, section 2), without references and AMF3. */
export type Amf0Value = number | boolean | string | null | undefined | Amf0Date | EcmaArray | Amf0Object | Amf0Value[]

/**
 * An anonymous object (section 2.5). What the parser returns has no prototype, so that a key such as `__proto__` is an
 * ordinary property; a writer takes the own enumerable properties of any object.
 */
export interface Amf0Object {
  [key: string]: Amf0Value
}

/** An ECMA array (section 2.10): on the wire an object with a count, the form in which encoders send `onMetaData`. */
export class EcmaArray {
  readonly properties: Amf0Object

  constructor(properties: Amf0Object) {
    this.properties = properties
  }
}

/** A date (section 2.13): milliseconds since 1970 in UTC, and the reserved time zone (minutes, should be 0). */
export class Amf0Date {
  readonly epochMs: number
  readonly timeZone: number

  constructor(epochMs: number, timeZone = 0) {
    this.epochMs = epochMs
    this.timeZone = timeZone
  }
}

/** Type markers (section 2.1). MovieClip, reference, RecordSet and AVM+ are known and refused. */
export const Amf0Marker = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  unsupported: 0x0d,
  xmlDocument: 0x0f,
  typedObject: 0x10,
} as const

/** Limits of one call of the parser; beyond them the whole input is malformed. */
export interface Amf0Limits {
  /** Objects and arrays inside one another. Default 16. */
  readonly maxDepth: number
  /** Values of every kind, the inner ones included. Default 1024. */
  readonly maxNodes: number
  /** Bytes of input. Default 64 KiB. */
  readonly maxBytes: number
}

export const DEFAULT_AMF0_LIMITS: Amf0Limits = { maxDepth: 16, maxNodes: 1024, maxBytes: 64 * 1024 }

/** Lengths of the fixed parts, in bytes. */
export const MARKER_LENGTH = 1
export const NUMBER_LENGTH = 8
export const SHORT_LENGTH = 2
export const LONG_LENGTH = 4
export const DATE_LENGTH = NUMBER_LENGTH + SHORT_LENGTH
/** An empty key and the object-end marker (section 2.11). */
export const OBJECT_END_LENGTH = SHORT_LENGTH + MARKER_LENGTH
/** The longest string that fits a 16-bit length. */
export const MAX_SHORT_STRING_LENGTH = 0xffff
