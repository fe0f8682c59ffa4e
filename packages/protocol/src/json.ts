import { limits } from './limits.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** The outcome of reading JSON that a stranger sent. */
export type JsonReading =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly code: 'TOO_LARGE' | 'BAD_JSON' }

/**
 * Reads JSON of at most `maxLength` UTF-16 code units and `limits.nesting` levels. The depth is looked at first, because the
 * cost of `JSON.parse` of 64 KiB of `[` is tens of milliseconds; here it ends at the seventeenth.
 */
export function readJson(text: string, maxLength: number): JsonReading {
  if (text.length > maxLength || !isShallow(text)) return { ok: false, code: 'TOO_LARGE' }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false, code: 'BAD_JSON' }
  }
}

function isShallow(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) {
      at = endOfString(text, at)
    } else if (unit === OPEN_LIST || unit === OPEN_OBJECT) {
      depth += 1
      if (depth > limits.nesting) return false
    } else if (unit === CLOSE_LIST || unit === CLOSE_OBJECT) {
      depth -= 1
    }
  }
  return true
}

/** Position of the quote that ends the string that begins at `start`; the end of the text when there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === BACKSLASH) at += 1
    else if (unit === QUOTE) return at
  }
  return text.length
}
