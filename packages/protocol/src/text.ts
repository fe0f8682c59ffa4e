/** Bytes of a text in UTF-8; a lone surrogate counts as the three bytes of its replacement. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    bytes += 1
    if (unit < 0x800) continue
    const isPair = (unit & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
    // A pair is two units and four bytes, any other unit from here on is three bytes.
    if (isPair) at += 1
    bytes += 1
  }
  return bytes
}

/** Whether a text has at most so many characters (code points), each of them printable or a blank. */
export function isShortLine(text: string, maxCharacters: number): boolean {
  // No character is longer than two code units: what cannot fit is not counted.
  if (text.length > 2 * maxCharacters) return false
  let characters = 0
  for (const character of text) {
    const point = character.codePointAt(0)!
    if (point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0xd800 && point < 0xe000)) return false
    characters += 1
  }
  return characters <= maxCharacters
}
