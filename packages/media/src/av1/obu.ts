/** obu_type of the AV1 bitstream specification section 6.2.2, those that matter to a server. */
export const ObuType = { sequenceHeader: 1, temporalDelimiter: 2, frameHeader: 3, frame: 6 } as const

/** OBUs looked at in one temporal unit. */
const MAX_OBUS = 128
/** A leb128 of at most 4 bytes says more than any frame has. */
const MAX_LEB128_BYTES = 4

/** Position of one open bitstream unit in its array. */
export interface Obu {
  readonly type: number
  /** The payload: `bytes[start, end)`. */
  readonly start: number
  readonly end: number
}

/**
 * The OBUs of a temporal unit in low-overhead format (section 5.3); the last may lack a size. Undefined when a size
 * points past the end.
 */
export function parseObus(bytes: Uint8Array, from = 0): Obu[] | undefined {
  const obus: Obu[] = []
  let offset = from
  while (offset < bytes.length && obus.length < MAX_OBUS) {
    const head = bytes[offset]!
    offset += (head & 4) !== 0 ? 2 : 1
    let size = bytes.length - offset
    if ((head & 2) !== 0) {
      size = 0
      for (let index = 0; ; index++) {
        if (index === MAX_LEB128_BYTES || offset >= bytes.length) return undefined
        const byte = bytes[offset++]!
        size += (byte & 0x7f) << (7 * index)
        if ((byte & 0x80) === 0) break
      }
    }
    if (size < 0 || size > bytes.length - offset) return undefined
    obus.push({ type: (head >> 3) & 15, start: offset, end: offset + size })
    offset += size
  }
  return obus
}

/** Whether the first frame of a temporal unit is a key frame (section 5.9.2) that is not a repetition; false when malformed. */
export function isAv1Keyframe(temporalUnit: Uint8Array): boolean {
  const obus = parseObus(temporalUnit) ?? []
  for (const obu of obus) {
    if (obu.type !== ObuType.frame && obu.type !== ObuType.frameHeader) continue
    // show_existing_frame 0 and frame_type 0; a decoder also needs the sequence header in the same unit.
    const isKey = obu.start < obu.end && (temporalUnit[obu.start]! & 0xe0) === 0
    return isKey && obus.some(({ type }) => type === ObuType.sequenceHeader)
  }
  return false
}
