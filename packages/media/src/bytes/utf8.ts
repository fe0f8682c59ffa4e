/** Replaces bytes that are not UTF-8 and lone surrogates (Unicode, section 3.9, U+FFFD). */
const REPLACEMENT = 0xfffd
/** Characters handed to `String.fromCharCode` at once: far below any engine's limit of arguments. */
const CHUNK_LENGTH = 4096

/**
 * The text of `bytes[start, end)`. Invalid sequences become U+FFFD, as encoders that send GBK or Latin-1 names must not
 * break a session. `TextDecoder` is not part of the language and missing in Mini Programs.
 */
export function decodeUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = ''
  let units: number[] = []
  let offset = start
  while (offset < end) {
    const lead = bytes[offset]!
    let codePoint = lead
    if (lead < 0x80) offset += 1
    else {
      const length = sequenceLength(bytes, offset, end)
      codePoint = length === 0 ? REPLACEMENT : joinSequence(bytes, offset, length)
      offset += length === 0 ? 1 : length
    }
    if (codePoint > 0xffff) units.push(0xd800 + ((codePoint - 0x10000) >> 10), 0xdc00 + ((codePoint - 0x10000) & 0x3ff))
    else units.push(codePoint)
    if (units.length >= CHUNK_LENGTH) {
      text += String.fromCharCode(...units)
      units = []
    }
  }
  return text + String.fromCharCode(...units)
}

/** Bytes that `writeUtf8` needs for `text`. */
export function byteLengthOfUtf8(text: string): number {
  let length = 0
  for (let index = 0; index < text.length; index++) {
    const codePoint = wellFormedCodePointAt(text, index)
    length += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4
    if (codePoint > 0xffff) index += 1
  }
  return length
}

/** Writes `text` at `offset` and returns the offset after it. Lone surrogates become U+FFFD. */
export function writeUtf8(text: string, out: Uint8Array, offset: number): number {
  let next = offset
  for (let index = 0; index < text.length; index++) {
    const codePoint = wellFormedCodePointAt(text, index)
    if (codePoint < 0x80) {
      out[next++] = codePoint
      continue
    }
    if (codePoint < 0x800) out[next++] = 0xc0 | (codePoint >> 6)
    else {
      if (codePoint < 0x10000) out[next++] = 0xe0 | (codePoint >> 12)
      else {
        out[next++] = 0xf0 | (codePoint >> 18)
        out[next++] = 0x80 | ((codePoint >> 12) & 0x3f)
        index += 1
      }
      out[next++] = 0x80 | ((codePoint >> 6) & 0x3f)
    }
    out[next++] = 0x80 | (codePoint & 0x3f)
  }
  return next
}

/** `text` in a new array of exactly its size. */
export function encodeUtf8(text: string): Uint8Array {
  const out = new Uint8Array(byteLengthOfUtf8(text))
  writeUtf8(text, out, 0)
  return out
}

function wellFormedCodePointAt(text: string, index: number): number {
  const codePoint = text.codePointAt(index)!
  return codePoint >= 0xd800 && codePoint <= 0xdfff ? REPLACEMENT : codePoint
}

/** The length of the well-formed sequence (Unicode table 3-7) whose lead byte, not ASCII, is at `offset`; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, offset: number, end: number): number {
  const lead = bytes[offset]!
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
  if (length === 0 || offset + length > end) return 0
  for (let index = 1; index < length; index++) if ((bytes[offset + index]! & 0xc0) !== 0x80) return 0
  const second = bytes[offset + 1]!
  // Overlong forms, surrogates and code points over U+10FFFF.
  if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return 0
  if ((lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return 0
  return length
}

function joinSequence(bytes: Uint8Array, offset: number, length: number): number {
  let codePoint = bytes[offset]! & (0x7f >> length)
  for (let index = 1; index < length; index++) codePoint = (codePoint << 6) | (bytes[offset + index]! & 0x3f)
  return codePoint
}
